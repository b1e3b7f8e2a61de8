"""What a run is: one YAML file, typed and validated.

A recipe may say `extends: other.yaml`; its own fields then replace the other's, field by field, so that an ablation is
one file with one field in it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from midspan.errors import UserError

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Threshold = bool | float | None
ColumnRole = Literal["text", "path", "repository", "language", "licences", "stars", "revision", "date", "encoding"]


class Settings(BaseModel):
    """A group of recipe fields: unknown ones are an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Share(Settings):
    """How much of something a mixture takes: by a weight beside the others', or by passes over all of it."""

    weight: Annotated[float, Field(gt=0)] | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Share:
        if self.weight is not None and self.epochs is not None:
            raise ValueError("give weight or epochs, not both")
        return self


class Source(Share):
    """One place that documents come from."""

    kind: Literal["stdlib", "folder", "git", "jsonl", "parquet", "hub"]
    name: Annotated[str, Field(min_length=1)] | None = None  # None: the last part of its path
    path: str | None = None  # folder, repository, file, folder or glob of files; the hub's "owner/dataset"
    url: str | None = None  # of a git repository, instead of a path
    revision: str | None = None  # of git: branch, tag or commit, None for HEAD; of the hub
    content: Literal["code", "documentation", "issues", "text"] = "code"
    columns: dict[ColumnRole, str] = {}  # of tables whose columns have names of their own
    languages: list[str] | None = None  # None: those of the corpus
    licence: str | None = None  # SPDX expression for items whose source declares none
    subset: str | None = None  # of the hub's dataset
    split: str = "train"  # of the hub's dataset
    by_language: dict[str, Share] = {}  # shares that differ from the source's own

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> Source:
        if self.kind == "stdlib":
            if self.path or self.url:
                raise ValueError("kind stdlib takes no path: it is the standard library of this Python")
        elif bool(self.path) == bool(self.url):
            raise ValueError("give path or url" if self.kind == "git" else f"kind {self.kind} needs a path")
        if self.url and self.kind != "git":
            raise ValueError(f"kind {self.kind} takes a path; a url is for kind git")
        if self.revision and self.kind not in ("git", "hub"):
            raise ValueError(f"kind {self.kind} has no revision; use kind git or hub")
        if self.columns and self.kind not in ("jsonl", "parquet", "hub"):
            raise ValueError(f"kind {self.kind} has no columns")
        if self.content == "issues" and self.kind not in ("jsonl", "parquet", "hub"):
            raise ValueError("issues are read from kind jsonl, parquet or hub")
        return self

    @property
    def label(self) -> str:
        """The name in reports: `name`, or the last part of path or url."""
        place = (self.path or self.url or self.kind).rstrip("/")
        return self.name or place.rsplit("/", 1)[-1].removesuffix(".git") or place


class NearDuplicates(Settings):
    """Which near-copies go: files by themselves, or repositories as wholes."""

    level: Literal["file", "repository"] = "file"
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.7  # Jaccard similarity of the words' 5-grams


class Corpus(Settings):
    """Where the source code comes from, what of it is kept, and how much is held out."""

    source: str = "stdlib"  # short for one source: "stdlib", or a folder of repositories
    sources: list[Source] = []  # takes the place of `source`
    languages: list[str] | None = None  # None: every language that is known
    licences: list[Literal["permissive", "unknown", "non-permissive"]] = ["permissive"]  # what may be kept
    quality: dict[str, Threshold | dict[str, Threshold]] = {}  # rules changed: threshold, on or off, or by language
    near_duplicates: NearDuplicates | None = NearDuplicates()  # None: only exact copies go
    decontaminate: list[str] = []  # files of evaluation sets, nothing of which is to be trained on
    secrets: bool = True  # replaced by placeholders
    order: Literal["dependency", "random"] = "dependency"  # of the files of a repository
    heldout_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.03  # of files
    max_bytes: Positive | None = None
    shard_bytes: Annotated[int, Field(ge=0)] = 0  # of one task; 0: as the sources' size asks for, 2 to 256 MB

    @model_validator(mode="after")
    def _names_differ(self) -> Corpus:
        labels = [source.label for source in self.sources]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"two sources are called {twice[0]!r}; give each a name")
        return self

    @property
    def all_sources(self) -> list[Source]:
        """The sources, with `source` written out where there are no others."""
        if self.sources:
            return self.sources
        if self.source == "stdlib":
            return [Source(kind="stdlib")]
        return [Source(kind="folder", path=self.source)]


class Tokenizer(Settings):
    """The byte-level BPE that is trained on the corpus."""

    vocabulary_size: Annotated[int, Field(ge=300)] = 4096


class Model(Settings):
    """The decoder's shape, or the HF-layout directory that training starts from."""

    start_from: str | None = None  # its tokenizer and shape are taken; the fields below are then not used
    family: Literal["stablelm", "llama", "mistral", "qwen2"] = "stablelm"
    hidden_size: Positive = 256
    intermediate_size: Positive = 688
    num_layers: Positive = 4
    num_heads: Positive = 4
    num_key_value_heads: Positive | None = None
    rotary_fraction: Annotated[float, Field(gt=0, le=1)] = 0.25
    rope_base: float = 10_000.0
    qkv_bias: bool = True
    tied_embeddings: bool = False
    embedding_std: Annotated[float, Field(gt=0)] = 0.02  # of the first embeddings; 1 suits a short training

    @model_validator(mode="after")
    def _heads_divide(self) -> Model:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}")
        if self.num_heads % (self.num_key_value_heads or self.num_heads):
            raise ValueError("num_heads is not a multiple of num_key_value_heads")
        return self


class Fim(Settings):
    """Fill-in-the-middle: the share of documents that are cut, and of those the share in suffix-prefix-middle order."""

    rate: Fraction = 0.5
    spm_share: Fraction = 0.5


class Optimizer(Settings):
    """AdamW, shared by every stage."""

    beta1: Fraction = 0.9
    beta2: Fraction = 0.95
    epsilon: float = 1e-8
    weight_decay: float = 0.1
    gradient_clip: float = 1.0


class Schedule(Settings):
    """Linear warm-up, then a cosine from `learning_rate` to `final_fraction` of it."""

    learning_rate: float
    warmup: Fraction = 0.02
    final_fraction: Fraction = 0.1


class PretrainStage(Schedule):
    """One pre-training stage. `tokens` counts every position of every packed row."""

    tokens: Positive
    context: Positive = 512
    tokens_per_step: Positive = 4096
    rope_base: float | None = None  # None: as before
    repository_context: bool = False  # several files of one repository in one sample
    repository_order: Literal["dependency", "random"] = "dependency"  # the corpus's order of files, or a drawn one

    @model_validator(mode="after")
    def _rows_divide(self) -> PretrainStage:
        if self.tokens_per_step % self.context:
            raise ValueError(f"tokens_per_step {self.tokens_per_step} is not a multiple of context {self.context}")
        return self


class Sft(Schedule):
    """Supervised fine-tuning on exercises, with loss on the answers only."""

    epochs: Positive = 3
    warmup: Fraction = 0.1
    final_fraction: Fraction = 0.0
    context: Positive = 512
    tokens_per_step: Positive = 4096
    per_family: Positive = 40
    replay: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of rows that are pre-training's, against forgetting


class Dpo(Schedule):
    """Direct preference optimisation on pairs that execution decided."""

    beta: float = 0.1
    nll_weight: float = 0.0  # adds this much of the chosen answer's mean negative log-likelihood to the loss
    epochs: Positive = 1
    warmup: Fraction = 0.1
    final_fraction: Fraction = 0.0
    context: Positive = 512
    pairs: Positive = 256
    pairs_per_step: Positive = 16
    samples_per_exercise: Positive = 2
    temperature: float = 0.8
    max_tokens: Positive = 96


class Evaluate(Settings):
    """How much of the held-out data every stage's model is judged on."""

    heldout_bytes: Positive = 200_000
    fim_lines: Positive = 200
    exercises: Positive = 100  # held out by parameter; half as many held out by family
    preference_pairs: Positive = 100
    max_tokens: Positive = 96


class Runtime(Settings):
    """How the run uses the machine. Nothing here changes what is learnt, except `precision`."""

    threads: Positive | None = None  # None: every core
    workers: Positive | None = None  # processes for the corpus and the sandbox; None: every core
    engine: Literal["local", "ray"] = "local"  # where the corpus is built: processes of this machine, or a Ray cluster
    address: str | None = None  # of a running Ray cluster; None: one of this machine
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # auto: bf16 where the hardware has it
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 30.0


class Recipe(Settings):
    """Everything a run needs. Stages run in the order of the file."""

    name: str
    seed: int = 1
    corpus: Corpus = Corpus()
    tokenizer: Tokenizer = Tokenizer()
    model: Model = Model()
    fim: Fim = Fim()
    optimizer: Optimizer = Optimizer()
    pretrain: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], PretrainStage] = {}  # a corpus needs none
    sft: Sft | None = None
    dpo: Dpo | None = None
    evaluate: Evaluate = Evaluate()
    runtime: Runtime = Runtime()

    @model_validator(mode="after")
    def _stages_follow(self) -> Recipe:
        if taken := {"sft", "dpo", "preferences", "release"} & set(self.pretrain):
            raise ValueError(f"a pre-training stage cannot be called {sorted(taken)[0]!r}: the name is taken")
        if self.dpo and not self.sft:
            raise ValueError("dpo needs sft: its reference model is the fine-tuned one")
        longest = max((stage.context for stage in self.pretrain.values()), default=None)
        for name, stage in (("sft", self.sft), ("dpo", self.dpo)):
            if stage and longest and stage.context > longest:
                raise ValueError(
                    f"{name}.context {stage.context} is longer than the model's {longest} positions; "
                    "lower it or add a pre-training stage with that context"
                )
        return self


def load_recipe(path: Path, overrides: dict[str, Any] | None = None) -> Recipe:
    """Read the recipe at `path`; `overrides` maps dotted fields (`corpus.source`) to values.

    Raises UserError for a missing file, broken YAML, an unknown field (naming the nearest one) or an impossible value.
    """
    values = _read(path, seen=())
    for dotted, value in (overrides or {}).items():
        group = values
        *parents, last = dotted.split(".")
        for parent in parents:
            group = group.setdefault(parent, {})
            if not isinstance(group, dict):
                raise UserError(f"{path}: {dotted} cannot be set: {parent} is not a group of fields")
        group[last] = value
    return parse_recipe(values, str(path))


def parse_overrides(assignments: list[str]) -> dict[str, Any]:
    """`["fim.rate=0.9"]` as `{"fim.rate": 0.9}`; values are read as YAML. Raises UserError for one without "="."""
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        field, equals, value = assignment.partition("=")
        if not equals:
            raise UserError(f"--set {assignment}: write field=value, such as --set fim.rate=0.9")
        try:
            overrides[field] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"--set {assignment}: {value!r} is not a YAML value; quote it") from None
    return overrides


def parse_recipe(values: dict[str, Any], where: str) -> Recipe:
    """Validate `values`; `where` is named in errors. Raises UserError."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {_explain(error)}") from None


def fingerprint(*settings: Any) -> str:
    """A hash of pydantic settings or plain JSON values: equal when and only when they are."""
    plain = [item.model_dump() if isinstance(item, BaseModel) else item for item in settings]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if not path.is_file():
        raise UserError(f"no recipe at {path}; the shipped ones are in recipes/")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no fields; start from recipes/quickstart.yaml")
    parent = values.pop("extends", None)
    if parent is None:
        return values
    parent_path = (path.parent / str(parent)).resolve()
    if parent_path in seen:
        raise UserError(f"{path} extends itself through {parent_path}")
    return _merge(_read(parent_path, (*seen, parent_path)), values)


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _explain(error: ValidationError) -> str:
    """The first mistake in one line; for an unknown field with the nearest known one."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    field = ".".join(location) or "the recipe"
    if first["type"] == "extra_forbidden":
        known = _fields_of(location[:-1])
        near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"unknown field {field!r}; {hint}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message[0].lower()}{message[1:]}" if location else message


def _fields_of(location: list[str]) -> list[str]:
    """The names of the fields at a place in the recipe, such as ["pretrain", "base"]."""
    groups: dict[str, type[Settings]] = {
        "corpus": Corpus, "tokenizer": Tokenizer, "model": Model, "fim": Fim, "optimizer": Optimizer,
        "pretrain": PretrainStage, "sft": Sft, "dpo": Dpo, "evaluate": Evaluate, "runtime": Runtime,
    }  # fmt: skip
    if location[:2] == ["corpus", "near_duplicates"]:
        groups["corpus"] = NearDuplicates
    if location[:2] == ["corpus", "sources"]:
        groups["corpus"] = Share if "by_language" in location else Source
    group = groups[location[0]] if location else Recipe
    return list(group.model_fields) + ([] if location else ["extends"])
