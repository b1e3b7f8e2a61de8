"""Where conversations and preference pairs come from."""

from __future__ import annotations

from midspan.recipe.fields import Kind, Name


class AlignmentSource(Kind):
    """A named source of conversations or of preference pairs; its other fields are those of its kind."""

    name: Name
