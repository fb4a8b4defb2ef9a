"""The dbt models as assets, all in one step, and their tests as checks."""

# dagster-dbt's own signatures leave some types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from event_assets.assets.keys import ADMITTED_LOADS, DATA_ENGINEERING, MODELS_OP
from event_assets.assets.pictures import read_pictures
from event_assets.dbt_build import environment, run_folder, what_failed
from event_assets.dbt_command import WHOLE_BUILD
from event_assets.dbt_manifest import dbt_environment, dbt_executable, dbt_project_dir
from event_assets.progress import report
from event_assets.settings import Settings
from event_assets.table_facts import Column, TableFacts, read_table_facts

NEW_ROWS = "new rows"


class ModelsConfig(dg.Config):
    """What a run may ask of the models."""

    full_refresh: bool = False
    """Build every table anew from the lake; nothing is judged again."""


class Translator(DagsterDbtTranslator):
    """Groups by folder; everything that dbt reads from the lake is the admitted loads."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Models by schema and name, sources all alike."""
        if dbt_resource_props["resource_type"] == "source":
            return ADMITTED_LOADS
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The folder below models/; seeds are reference data."""
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        return dbt_resource_props["fqn"][1]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description alone: the query is in the repository."""
        return dbt_resource_props["description"]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """The owner of the dbt group, or whoever keeps reference data."""
        return list(super().get_owners(dbt_resource_props) or [DATA_ENGINEERING])

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """A test as a check, with the test's description."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        description = manifest["nodes"].get(unique_id, {}).get("description")
        if spec is None or not description:
            return spec
        return spec._replace(description=description)  # pyright: ignore[reportPrivateUsage]


def build_models(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The step that runs dbt once for all models."""
    relations = _relations(manifest)
    descriptions = {
        node["name"]: node["description"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
    }

    @dbt_assets(manifest=manifest, name=MODELS_OP, dagster_dbt_translator=Translator())
    def models(
        context: dg.AssetExecutionContext, config: ModelsConfig, dbt: DbtCliResource
    ) -> Iterator[Any]:
        report("Building the models")
        before = read_table_facts(settings)
        whole = {WHOLE_BUILD: "yes"} if not context.is_subset else {}
        with run_folder(settings, context.run_id) as folder:
            with environment({**dbt_environment(settings), **whole}):
                invocation = dbt.cli(
                    _arguments(config), context=context, raise_on_error=False, target_path=folder
                )
            events = list(
                _watched(invocation, len(context.op_execution_context.selected_output_names))
            )
            after = read_table_facts(settings)
            selected = {relations[key] for key in context.selected_asset_keys if key in relations}
            pictures = read_pictures(settings, selected)
            # yielded once dbt has ended, so that each table comes with its rows and columns
            for event in events:
                if isinstance(event, dg.Output):
                    relation = relations[context.asset_key_for_output(event.output_name)]
                    yield _with_facts(
                        event, before.get(relation), after.get(relation), pictures.get(relation)
                    )
                elif isinstance(event, dg.AssetCheckResult):
                    yield _explained(event, descriptions)
                else:
                    yield event
            if not invocation.is_successful():
                raise dg.Failure(what_failed(invocation), allow_retries=False)

    return models


class LockedDbt(DbtCliResource):
    """dbt, run by a process that holds the warehouse's lock."""

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        # costs three seconds a step, and serves `fetch_row_counts` and the like alone
        del args


def build_dbt_resource() -> LockedDbt:
    """dbt on the project that ships with the package."""
    project = dbt_project_dir()
    return LockedDbt(
        project_dir=str(project),
        profiles_dir=str(project),
        dbt_executable=str(dbt_executable()),
    )


def _relations(manifest: Mapping[str, Any]) -> dict[dg.AssetKey, tuple[str, str]]:
    """Schema and table by asset."""
    translator = Translator()
    return {
        translator.get_asset_key(node): (node["schema"], node["alias"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def _arguments(config: ModelsConfig) -> list[str]:
    full = ["--full-refresh"] if config.full_refresh else []
    return ["build", "--exclude-resource-type", "unit_test", *full]


def _watched(invocation: DbtCliInvocation, total: int) -> Iterator[Any]:
    events: Iterator[Any] = invocation.stream()
    for done, event in enumerate(events, start=1):
        report("Building the models", done, max(done, total))
        yield event


def _with_facts(
    output: dg.Output[Any],
    before: TableFacts | None,
    after: TableFacts | None,
    picture: dg.MarkdownMetadataValue | None,
) -> dg.Output[None]:
    metadata: dict[str, Any] = dict(output.metadata)
    if picture is not None:
        metadata["picture"] = picture
    if after is not None:
        metadata["dagster/column_schema"] = dg.MetadataValue.table_schema(
            dg.TableSchema([_column(column) for column in after.columns])
        )
        if after.rows is not None:
            metadata["dagster/row_count"] = dg.MetadataValue.int(after.rows)
            metadata[NEW_ROWS] = after.rows - ((before and before.rows) or 0)
    return dg.Output(None, output_name=output.output_name, metadata=metadata)


def _explained(result: dg.AssetCheckResult, descriptions: Mapping[str, str]) -> dg.AssetCheckResult:
    """A test's result with how many rows fail, and with what the test says that means."""
    if result.passed or result.check_name is None:
        return result
    found = result.metadata.get("dagster_dbt/failed_row_count")
    rows = "" if found is None else f"{found.value:,} {'row' if found.value == 1 else 'rows'}"
    told = [part for part in (rows, descriptions.get(result.check_name, "")) if part]
    return dg.AssetCheckResult(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=False,
        severity=result.severity,
        metadata=result.metadata,
        description=". ".join(told),
    )


def _column(column: Column) -> dg.TableColumn:
    constraints = dg.TableColumnConstraints(nullable=column.is_nullable)
    return dg.TableColumn(column.name, column.type, column.comment, constraints)
