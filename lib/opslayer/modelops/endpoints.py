"""Language models behind the OpenAI-compatible protocol: several balanced by health, none trusted.

A question is asked of the endpoint that is healthy, quickest, and has room for one more; where it fails in a
way that may pass, the next is asked. So many are asked side by side as the endpoints take at once; one that
failed last is only tried, by one question at a time. What a question may cost is reserved before it leaves,
so that no number of them at once spends more than the month has; what is left of an attempt that was cut off
stays spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from opslayer.config import EndpointSettings, secret
from opslayer.errors import ModelFailed
from opslayer.modelops.circuit import Circuits
from opslayer.modelops.slots import Slots
from opslayer.modelops.spending import Purse

if TYPE_CHECKING:
    import httpx2

LARGEST = 256 * 2**10  # bytes of one answer
ATTEMPTS = 3
WAIT = 0.2  # seconds before the same endpoint is asked again; twice as long each time
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({"content_filter"})


@dataclass(frozen=True)
class Written:
    """What an endpoint wrote, and which of them."""

    text: str
    endpoint: str
    model: str


@dataclass(frozen=True)
class Endpoints:
    """The firm's language models. `slots` are shared by all who ask in this process."""

    settings: Mapping[str, EndpointSettings]
    circuits: Circuits
    purse: Purse
    slots: Slots

    @property
    def at_once(self) -> int:
        """How many questions they take side by side."""
        return max(1, sum(self.slots.most.values()))

    def write(
        self,
        messages: Sequence[dict[str, str]],
        *,
        capability: str,
        most_tokens: int,
        moment: datetime,
        until: float,
    ) -> Written:
        """The answer to a conversation, before `until` (of the monotonic clock).

        Raises ModelFailed: no endpoint, none healthy, the budget spent, no time, or no answer of use.
        """
        if not self.settings:
            raise ModelFailed("no language model is let in", mend="[models.endpoints.NAME] in firm.toml does")
        names = self.circuits.healthiest(self.settings, moment)
        told = [] if names else ["every endpoint is being left alone after it failed"]
        for attempt in range(ATTEMPTS):
            if not names:
                break
            shaky = self.circuits.shaky(names)
            with self.slots.taken(names, until=until, one_at_once=shaky) as name:
                if name is None:
                    told.append("no time was left: all of them were being asked")
                    break
                names.remove(name)
                try:
                    return self._ask(name, messages, capability, most_tokens, moment, until - monotonic())
                except ModelFailed as error:
                    told.append(f"{name}: {error.message}")
                    passing = isinstance(error, Passing)
            if passing and self.circuits.open_because(name, moment) is None:
                names.append(name)  # after the others
                if names[0] == name:
                    sleep(max(0.0, min(WAIT * 2**attempt, until - monotonic())))
        raise ModelFailed("; ".join(dict.fromkeys(told)))

    def _ask(
        self,
        name: str,
        messages: Sequence[dict[str, str]],
        capability: str,
        most_tokens: int,
        moment: datetime,
        left: float,
    ) -> Written:
        settings = self.settings[name]
        if left <= 0:
            raise ModelFailed("no time was left")
        size = sum(len(message["content"].encode()) for message in messages)
        # a token is one byte at least
        worst = _cost(settings, size + 16 * len(messages), most_tokens)
        spent = self.purse.reserve(worst, endpoint=name, capability=capability, moment=moment)
        began = monotonic()
        try:
            answer = _complete(settings, messages, most_tokens, min(left, settings.timeout_seconds))
        except ModelFailed as error:
            self.circuits.failed(name, error.message, moment)
            raise
        self.circuits.answered(name, latency_ms=1_000 * (monotonic() - began))
        usage = answer.usage
        if usage is not None:
            self.purse.settle(
                spent, min(worst, _cost(settings, usage.prompt_tokens, usage.completion_tokens))
            )
        return Written(_text(answer), name, str(answer.model or settings.model))


def _complete(
    settings: EndpointSettings, messages: Sequence[dict[str, str]], most_tokens: int, seconds: float
) -> Any:
    import openai  # takes half a second, and most firms need none of it

    try:
        with (
            _bounded_client(seconds) as http,
            openai.OpenAI(
                base_url=settings.url,
                api_key=secret(settings.key) if settings.key else "none",
                max_retries=0,
                timeout=seconds,
                http_client=http,
                _strict_response_validation=True,
            ) as client,
        ):
            return client.chat.completions.create(
                model=settings.model,
                messages=list(messages),  # type: ignore[arg-type]
                max_tokens=most_tokens,
                temperature=0,
                seed=0,
            )
    except openai.APIStatusError as error:
        failure = Passing if error.status_code in PASSING else ModelFailed
        raise failure(f"it answered {error.status_code}") from error
    except openai.APITimeoutError as error:
        raise Passing(f"it gave no answer within {seconds:.1f} s") from error
    except openai.APIResponseValidationError as error:
        raise ModelFailed("its answer is not of the protocol") from error
    except openai.APIError as error:
        cause = error.__cause__
        if isinstance(cause, TooLarge):
            raise ModelFailed(str(cause)) from error
        raise Passing(f"it cannot be reached: {cause or error}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFailed("its answer is not of the protocol") from error


def _text(answer: Any) -> str:
    """The one text of an answer. Raises ModelFailed for a refusal, an answer cut off, and none."""
    choices: Any = getattr(answer, "choices", None)
    if not choices or choices[0].message is None:
        raise ModelFailed("its answer is not of the protocol")
    message, ended = choices[0].message, choices[0].finish_reason
    if getattr(message, "refusal", None) or ended in REFUSED:
        raise ModelFailed("it refused to answer")
    if ended == "length":
        raise ModelFailed("its answer was cut off")
    if not isinstance(message.content, str) or not message.content.strip():
        raise ModelFailed("it answered nothing")
    return message.content.strip()


def _cost(settings: EndpointSettings, tokens_in: int, tokens_out: int) -> Decimal:
    return (settings.price_in * tokens_in + settings.price_out * tokens_out) / 1_000_000


class Passing(ModelFailed):
    """What may not be so when it is asked once more."""


class TooLarge(Exception):
    """An answer of more bytes than any that is of use."""


def _bounded_client(seconds: float) -> httpx2.Client:
    """A client that goes where it is told and nowhere else, and reads so much and for so long."""
    import httpx2

    until = monotonic() + seconds

    class Bounded(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Any:
            size = 0
            for part in self._stream:
                size += len(part)
                if size > LARGEST:
                    raise TooLarge(f"its answer is larger than {LARGEST // 2**10} kB")
                if monotonic() > until:
                    raise httpx2.ReadTimeout("it answered too slowly")
                yield part

        def close(self) -> None:
            self._stream.close()

    class Transport(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            response = super().handle_request(request)
            response.stream = Bounded(response.stream)
            return response

    return httpx2.Client(transport=Transport(), timeout=seconds, follow_redirects=False, trust_env=False)
