"""The controls of a panel, found as a user finds them: by what stands beside them."""

from nnlib.widgets.panel import all_parts


def controls(panel, description=None, kind=object):
    """The panel's controls of this description and kind, from top to bottom."""
    parts = [part for part in all_parts(panel) if isinstance(part, kind) and hasattr(part, "description")]
    return [part for part in parts if description in (None, part.description)]


def control(panel, description, kind=object):
    """The one of this description and kind."""
    (found,) = controls(panel, description, kind)
    return found


def press(panel, description):
    control(panel, description).click()
