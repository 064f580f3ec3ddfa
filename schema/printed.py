"""Codes on paper, as a page to print, and the end of phones that were lost."""

import asyncio
import html
import re
from datetime import datetime
from typing import Annotated

import strawberry

from domain.dates import local_date
from schema import messages
from schema.context import Info
from schema.credential import draw
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from services import printed
from services.printed import PaperRefusal

strawberry.enum(PaperRefusal, name="PaperRefusalReason", description="Why nothing was printed or ended.")

Whom = Annotated[strawberry.ID, strawberry.argument(description="The resident's `residentId`.")]

# Letters of 7 mm and more, for weak eyes; nothing but the code, the name and what to do.
_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A5; margin: 12mm }}
body {{ font-family: sans-serif; color: #000; background: #fff; text-align: center; margin: 0 }}
h1 {{ font-size: 28pt; margin: 0 0 4mm }}
.code svg {{ width: 60mm; height: 60mm }}
.name {{ font-size: 32pt; font-weight: bold; margin: 2mm 0 }}
p {{ font-size: 20pt; line-height: 1.5; margin: 2mm 0; text-wrap: balance }}
</style></head><body><h1>{title}</h1><div class="code">{svg}</div><div class="name">{name}</div>{lines}</body></html>
"""


def page(code: printed.PrintedCode) -> str:
    """The page that a clerk prints: complete in itself, with the symbol 60 mm wide."""
    svg = re.sub(r"^<\?xml[^>]*>\s*", "", draw(code.text))
    told = messages.printed_code(local_date(code.expires_at))
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in told)
    return _PAGE.format(title=messages.PRINTED_TITLE, svg=svg, name=html.escape(code.masked_name), lines=lines)


@strawberry.type(description="A code for paper, given once.")
class PrintedCode:
    """A bearer code of months."""

    code: strawberry.Private[printed.PrintedCode]
    masked_name: str
    expires_at: datetime

    @classmethod
    def of(cls, code: printed.PrintedCode) -> "PrintedCode":
        """The code as it was issued."""
        return cls(code=code, masked_name=code.masked_name, expires_at=code.expires_at)

    @strawberry.field(description="The page to print, as HTML: large print and the symbol 60 mm wide.")
    async def page(self) -> str:
        """Drawn beside the event loop."""
        return await asyncio.to_thread(page, self.code)


@strawberry.type(description="What ended; scanners know it with their next trust bundle.")
class CodesEnded:
    """How much ended."""

    codes: int = strawberry.field(description="Passes or printed codes.")
    sessions: int
    message: str = messages.CODES_ENDED


@strawberry.type(description="Nothing was printed or ended.")
class PaperRefused:
    """A typed refusal."""

    reason: PaperRefusal
    message: str

    @classmethod
    def of(cls, reason: PaperRefusal) -> "PaperRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.PAPER[reason])


PrintResult = Annotated[PrintedCode | PaperRefused | NotSignedIn, strawberry.union("PrintCodeResult")]
EndedResult = Annotated[CodesEnded | PaperRefused | NotSignedIn, strawberry.union("CodesEndedResult")]


def _ended(answer: printed.Ended | PaperRefusal) -> CodesEnded | PaperRefused:
    if isinstance(answer, PaperRefusal):
        return PaperRefused.of(answer)
    return CodesEnded(codes=answer.codes, sessions=answer.sessions)


@strawberry.type
class PrintedMutation:
    """The mutations about paper and lost phones, mixed into the root."""

    @strawberry.mutation(description="For offices: a code on paper; one that was printed before ends with it.")
    async def print_code(self, info: Info, resident_id: Whom) -> PrintResult:
        """The code, given once."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        answer = await printed.print_code(info.context.resources, signed.people, key_of("Resident", resident_id))
        return PaperRefused.of(answer) if isinstance(answer, PaperRefusal) else PrintedCode.of(answer)

    @strawberry.mutation(description="For offices: end the code on paper.")
    async def revoke_printed_code(self, info: Info, resident_id: Whom) -> EndedResult:
        """How many ended."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        return _ended(
            await printed.revoke_printed(info.context.resources, signed.people, key_of("Resident", resident_id))
        )

    @strawberry.mutation(description="For staff: her phone is lost; all her passes and sessions end at once.")
    async def end_phones(self, info: Info, resident_id: Whom) -> EndedResult:
        """How many ended."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        return _ended(await printed.end_phones(info.context.resources, signed.people, key_of("Resident", resident_id)))
