"""Where a model is: a path, the one out of a package, or the id of one on the Hugging Face hub."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from midspan.errors import UserError
from midspan.model.embedded import SMOLLM2, embedded

HUB_ID = re.compile(r"[\w][\w.-]*/[\w.-]+")
SECONDS = 10  # to wait for the hub's first answer

BESIDE = ["*.json", "*.jinja", "*.txt", "tokenizer.model", "README.md", "LICENSE*"]
SAFETENSORS = ["model.safetensors", "model-*.safetensors"]
PICKLED = ["pytorch_model.bin", "pytorch_model-*.bin"]


def resolve(start: str | Path) -> Path:
    """The local path of `start`: itself where it exists, "smollm2" where it is installed, else a hub id's files.

    The latter are fetched into the hub's own cache. Raises UserError for what is none of them, or cannot be fetched.
    """
    path = Path(start).expanduser()
    if path.exists():
        return path
    if str(start) == SMOLLM2:
        return embedded()
    if not HUB_ID.fullmatch(str(start)):
        raise UserError(f"{start}: no such file or directory, and not a hub id (owner/name); give one of them")
    return _fetched(str(start))


@functools.cache  # a run asks for its starts again and again, and must not find another revision in between
def _fetched(name: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        try:
            files = [sibling.rfilename for sibling in HfApi().model_info(name, timeout=SECONDS).siblings or []]
        except (GatedRepoError, RepositoryNotFoundError):
            raise
        except Exception:  # not reachable: what is in the cache may do, and asking again would only take long
            return Path(snapshot_download(name, allow_patterns=[*BESIDE, *SAFETENSORS], local_files_only=True))
        pickled = not any(file.endswith(".safetensors") for file in files)
        wanted = [*BESIDE, *(PICKLED if pickled else SAFETENSORS)]
        return Path(snapshot_download(name, allow_patterns=wanted, etag_timeout=SECONDS))
    except GatedRepoError:
        reason = "the hub asks for its licence to be accepted and for a token (huggingface-cli login)"
    except RepositoryNotFoundError:
        reason = "there is no such repository on the hub, or it is private"
    except LocalEntryNotFoundError:
        reason = "the hub cannot be reached, and its cache does not have the model"
    except HfHubHTTPError as error:
        reason = f"the hub answers: {str(error).splitlines()[0]}"
    raise UserError(f"{name}: no such path here, and {reason}; give a model's directory, or an id that can be fetched")
