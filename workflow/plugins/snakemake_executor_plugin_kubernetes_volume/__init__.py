"""The official executor of Kubernetes for pods that all mount the project's volume.

The official one assumes that nothing is shared: each input and output must then be an object of a
storage provider. Our steps, marks, receipts and DVC's cache are files under the names that the
graph gives them, so here pods work in the project's folder, on a volume that many may write.
"""

from dataclasses import replace
from pathlib import Path
from shlex import quote

from snakemake_executor_plugin_kubernetes import Executor as Official
from snakemake_executor_plugin_kubernetes import ExecutorSettings, common_settings
from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface

__all__ = ["Executor", "ExecutorSettings", "common_settings"]

common_settings = replace(
    common_settings,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    pass_default_storage_provider_args=False,
    auto_deploy_default_storage_provider=False,
)


class Executor(Official):
    """Sends jobs as the official one does, which run in the project's folder."""

    def __post_init__(self) -> None:
        """Refuse to start where pods would not see the project."""
        here = Path.cwd().resolve()
        mounted = [volume.path for volume in self.workflow.executor_settings.persistent_volumes]
        if not any(here.is_relative_to(path) for path in mounted):
            raise WorkflowError(
                f"no volume holds {here}: say `--kubernetes-volume-persistent-volumes CLAIM:PATH`, "
                "where PATH is this folder or one above it, as it is called here"
            )
        super().__post_init__()

    def format_job_exec(self, job: JobExecutorInterface) -> str:
        """Return the command of a pod, which starts in an empty folder of its own."""
        return f"cd {quote(str(Path.cwd().resolve()))} && {super().format_job_exec(job)}"
