"""What the collector counts, as Prometheus reads it."""

from __future__ import annotations

from collections import Counter

_SYNC_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)  # seconds


class Metrics:
    """Counters of one collector. Each is changed by one thread alone."""

    def __init__(self) -> None:
        self.responses: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.bytes_received = 0
        self.bytes_under_way = 0
        self.disconnected = 0
        self.commits = 0
        self.commits_failed = 0
        self.requests_committed = 0
        self.commit_seconds = 0.0
        self.sealed = 0
        self.free_bytes = 0
        self._commit_buckets = [0] * len(_SYNC_BOUNDS)

    def count_commit(self, seconds: float, requests: int, is_failed: bool) -> None:
        """Count one write and sync of the lines of so many requests."""
        self.commits += 1
        self.commits_failed += is_failed
        self.requests_committed += requests
        self.commit_seconds += seconds
        for place, bound in enumerate(_SYNC_BOUNDS):
            self._commit_buckets[place] += seconds <= bound

    def text(self, is_ready: bool) -> str:
        """All of them in Prometheus' text format."""
        lines: list[str] = []

        def add(name: str, kind: str, about: str, values: dict[str, float]) -> None:
            full = f"event_assets_collector_{name}"
            lines.append(f"# HELP {full} {about}")
            lines.append(f"# TYPE {full} {kind}")
            for label, value in values.items():
                lines.append(f"{full}{label} {value:.10g}")

        def by(label: str, counts: Counter[str]) -> dict[str, float]:
            return {f'{{{label}="{name}"}}': count for name, count in sorted(counts.items())}

        statuses = Counter({str(status): count for status, count in self.responses.items()})
        add("responses_total", "counter", "Responses by status.", by("status", statuses))
        add(
            "refused_total", "counter", "Requests not taken, by reason.", by("reason", self.refused)
        )
        about = "Events acknowledged, all on the disk, by source."
        add("events_accepted_total", "counter", about, by("source", self.accepted))
        about = "Events that no reader could take, kept apart, by source."
        add("events_rejected_total", "counter", about, by("source", self.rejected))
        plain = (
            ("received_bytes_total", "counter", "Bytes of bodies.", self.bytes_received),
            ("under_way_bytes", "gauge", "Bytes of unanswered requests.", self.bytes_under_way),
            ("disconnected_total", "counter", "Senders that left early.", self.disconnected),
            ("commits_failed_total", "counter", "Commits that failed.", self.commits_failed),
            ("committed_requests_total", "counter", "Requests committed.", self.requests_committed),
            ("segments_sealed_total", "counter", "Files sealed.", self.sealed),
            ("disk_free_bytes", "gauge", "Room on the disk.", self.free_bytes),
            ("ready", "gauge", "1 if events are taken.", float(is_ready)),
        )
        for name, kind, about, value in plain:
            add(name, kind, about, {"": value})
        buckets: dict[str, float] = {
            f'_bucket{{le="{bound}"}}': count
            for bound, count in zip(_SYNC_BOUNDS, self._commit_buckets, strict=True)
        }
        buckets['_bucket{le="+Inf"}'] = self.commits
        buckets |= {"_sum": self.commit_seconds, "_count": self.commits}
        add("commit_seconds", "histogram", "Writes with their sync.", buckets)
        return "\n".join(lines) + "\n"
