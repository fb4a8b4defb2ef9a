"""Local work loads nothing of object storage."""

import subprocess
import sys


def test_local_ingest_imports_no_client_of_object_storage():
    script = (
        "import sys; import event_assets.ingest, event_assets.publish, event_assets.doctor;"
        "print([name for name in ('s3fs', 'botocore', 'aiohttp', 'fsspec',"
        " 'event_assets.storage.objects') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
