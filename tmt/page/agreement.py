"""A consent as it was given on the page: what was ticked, and when. Every run has its own, over a studied head, too."""

from __future__ import annotations

from dataclasses import dataclass

from tmt import provenance
from tmt.types import Consent, Receipt


@dataclass(frozen=True)
class Agreement:
    """A complete consent and its record."""

    consent: Consent
    receipt: Receipt


def agreed_to(subject: bool, driving: bool, purpose: bool) -> Agreement:
    """What was ticked, at this moment; ConsentError unless it was everything."""
    consent = Consent(subject=subject, driving=driving, purpose=purpose)
    return Agreement(consent, provenance.receipt(consent))
