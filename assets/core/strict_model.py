"""The base of the models of files: settings, contracts, corrections, approvals, receipts and manifests.

Not here: the models, which are beside the code that reads their files.
"""

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A model that refuses unknown fields and does not change after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
