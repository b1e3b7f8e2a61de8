"""What was retrieved from other files of a repository, as CrossCodeEval puts it to a model.

github.com/amazon-science/cceval, scripts/eval.py; the rows are written by prompt_builder/augment_with_cfc.py.
"""

from __future__ import annotations

from midspan.errors import UserError
from midspan.evaluate.data import DataRow
from midspan.inference import Fill, Plain


def prompt_of(row: DataRow, language: str, context: str, context_bytes: int, prompt_bytes: int) -> Plain | Fill:
    """The beginning of the file, and before it what was retrieved: as "comments", as "files", or not at all ("none").

    The best chunk comes first of the comments, and nearest of the files.
    """
    chunks, text = chunks_of(row), end_of(row["prompt"], prompt_bytes)
    if context == "files":
        return Fill(text, str(row.get("right_context") or ""), chunks[::-1])
    mark = "#" if language == "python" else "//"
    return Plain((as_comments(chunks, mark, context_bytes) if context == "comments" else "") + text, cut=True)


def task_of(row: DataRow) -> tuple[str, str]:
    """The name of a row's task, and its repository. Raises UserError for a row that is not CrossCodeEval's."""
    try:
        task, repository = (str(row["metadata"][part]) for part in ("task_id", "repository"))
        chunks_of(row)
        assert isinstance(row["prompt"], str), "prompt"
        assert isinstance(row["groundtruth"], str), "groundtruth"
    except (TypeError, KeyError, AssertionError) as error:
        raise UserError(f"crosscodeeval: {row['metadata']}: no row of its data ({error}); fetch it again") from None
    return task, repository


def chunks_of(row: DataRow) -> list[tuple[str, str]]:
    """The path and text of each chunk, the best first; none where nothing was found."""
    found = row["crossfile_context"]
    return [(str(one["filename"]), str(one["retrieved_chunk"])) for one in found["list"]] if found else []


def as_comments(chunks: list[tuple[str, str]], mark: str, limit: int) -> str:
    """The chunks as comments that begin with `mark`, as many as fit whole into `limit` bytes."""
    text = f"{mark} Here are some relevant code fragments from other files of the repo:\n\n"
    head = len(text)
    for path, chunk in chunks:
        lines = "".join(f"{mark} {line}\n" for line in chunk.split("\n") if line)
        told = f"{mark} the below code fragment is found in {path}\n{lines}\n"
        if len((text + told).encode()) > limit:
            break
        text += told
    return text if len(text) > head else ""


def end_of(text: str, limit: int) -> str:
    """The last `limit` bytes of a text, from a line's beginning."""
    data = text.encode()
    return text if len(data) <= limit else data[-limit:].decode(errors="ignore").partition("\n")[2]
