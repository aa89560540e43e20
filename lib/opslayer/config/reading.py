"""Files into models; every error names the file, the key, what was found, what is allowed, the nearest."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from opslayer.errors import ConfigurationError, nearest
from opslayer.located import Located, read_located

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read one YAML file into `model`; errors are those of firm.toml, with line and column."""
    return validated(model, read_located(path))


def validated(model: type[Model], read: Located) -> Model:
    """What was read as `model`; a ValidationError becomes one ConfigurationError over all its findings."""
    try:
        return model.model_validate(read.values)
    except ValidationError as error:
        findings = [
            f"{_spot(read, item)}\n{_finding(model, item)}" if read.spots else _finding(model, item)
            for item in error.errors()
        ]
        head = "" if read.spots else f"{read.path}\n"
        raise ConfigurationError(head + "\n".join(findings)) from error


def _spot(read: Located, item: Mapping[str, Any]) -> str:
    """Where what was found stands; a key that should not be there is shown itself."""
    discriminator = str(item.get("ctx", {}).get("discriminator", "")).strip("'")
    place = [*item["loc"], discriminator] if item["type"] == "union_tag_invalid" else item["loc"]
    return read.at(*place, key=item["type"] == "extra_forbidden")


def _finding(model: type[BaseModel], item: Mapping[str, Any]) -> str:
    location = [str(part) for part in item["loc"]] or ["(the file)"]
    found = item.get("input")
    if item["type"] == "union_tag_invalid":
        discriminator = str(item["ctx"]["discriminator"]).strip("'")
        location, found = [*location, discriminator], item["ctx"]["tag"]
    *parents, key = location
    path = ".".join(part for part in parents if not _is_tag(model, parents, part))
    where = f"  at {path}\n" if path else ""
    allowed = _allowed_keys(model, parents)
    if item["type"] == "extra_forbidden":
        near = nearest(key, allowed)
        lines = [f'expected one of: {", ".join(sorted(allowed))}; got the unknown key "{key}"']
    elif item["type"] == "missing":
        near = None
        lines = [f"expected a value; got nothing (keys here: {', '.join(sorted(allowed))})"]
    else:
        near = nearest(found, _literal_words(item)) if isinstance(found, str) else None
        shown = "a value that is not shown here" if key in SECRET_KEYS else repr(found)
        lines = [f"expected {_expectation(model, parents, key, item)}; got {shown}"]
    lines += [f'nearest: "{near}"'] if near else []
    detail = "\n".join(f"    {line}" for line in lines)
    return f"{where}  at key: {key}\n{detail}"


SECRET_KEYS = frozenset({"password", "url", "auth", "token", "signing_key", "secret", "authorization"})


def _expectation(model: type[BaseModel], parents: list[str], key: str, item: Mapping[str, Any]) -> str:
    if item["type"] == "union_tag_invalid":
        return f"one of: {item['ctx']['expected_tags']}"
    if item["type"] == "string_pattern_mismatch":
        fields = [k.model_fields[key] for k in _models_at(model, parents) if key in k.model_fields]
        described = next((field.description for field in fields if field.description), "text")
        return f"{described}, matching {item['ctx']['pattern']}"
    message = str(item["msg"])
    for prefix in ("Value error, ", "Input should be "):
        message = message.removeprefix(prefix)
    return message


def _literal_words(item: Mapping[str, Any]) -> list[str]:
    context = item.get("ctx") or {}
    text = str(context.get("expected") or context.get("expected_tags") or "")
    return [word.strip(" '") for word in text.replace(" or ", ",").split(",") if word.strip(" '")]


def _allowed_keys(model: type[BaseModel], location: list[str]) -> set[str]:
    """The keys a person may write at `location`."""
    names = {name for kind in _models_at(model, location) for name in _spelled(kind)}
    return names - {"directory"}


def _spelled(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models_at(model: type[BaseModel], location: list[str]) -> list[type[BaseModel]]:
    """The models whose fields lie at `location`: one, or each kind that may stand there."""
    kinds: list[type[BaseModel]] = [model]
    for part in location:
        inner = [
            within
            for kind in kinds
            for name, field in kind.model_fields.items()
            if part in (name, field.alias)
            for within in _models_within(field.annotation)
        ]
        tagged = [kind for kind in kinds if part in _discriminators(kind)]
        kinds = inner or tagged or kinds
    return kinds


def _is_tag(model: type[BaseModel], location: list[str], part: str) -> bool:
    """Whether `part` is the discriminator's word, which pydantic puts in the path and nobody wrote there."""
    before = location[: location.index(part)]
    return bool(before) and any(part in _discriminators(kind) for kind in _models_at(model, before))


def _discriminators(kind: type[BaseModel]) -> set[str]:
    return {
        str(word)
        for field in kind.model_fields.values()
        if get_origin(field.annotation) is Literal
        for word in get_args(field.annotation)
    }


def _models_within(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, Annotated, dict, list, tuple):
        return [m for part in get_args(annotation) for m in _models_within(part)]
    return []
