"""What a panel's "Show the code" shows: the call of its constructor that restores it as it stands."""

import inspect


def code_of(panel):
    """The lines that make this panel with its present settings. What was given and is no plain value (a data set, a
    network) has the name of its argument."""
    now, arguments, lines = panel.arguments(), [], []
    for name, default in panel._parameters.items():
        value = now.get(name, getattr(panel, name, default))
        if name not in now and name in panel._given and not is_plain(panel._given[name]):
            arguments.append(name if default is inspect.Parameter.empty else f"{name}={name}")
        elif is_plain(value) and (name in now or hasattr(panel, name)):
            arguments += [] if written(value) == written(default) else [f"{name}={written(value)}"]
    for name, trait in panel.traits().items():
        value = getattr(panel, name)
        if name in panel.own_traits() and name not in panel._parameters and value != trait.default(panel):
            lines += [] if name in panel.untold else [f"panel.{name} = {written(value)}"]
    return "\n".join([f"panel = widgets.{type(panel).__name__}({', '.join(arguments)})", *lines, "panel"])


def is_plain(value):
    """Can it be written as code?"""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, str | int | float)


def written(value):
    """A plain value as code; numbers without what rounding left behind."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
