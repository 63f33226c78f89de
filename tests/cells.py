"""Which code cells need which: by the names that they bind and use."""

import re
import symtable

SHOWS_A_PANEL = re.compile(r"\bwidgets\.[A-Z]\w+\(|ipywidgets\.interact\(")


def tables(cells):
    """The symbol tables of code cells, each before those of the functions in it."""
    waiting = [symtable.symtable(cell.source, "cell", "exec") for cell in cells]
    while waiting:
        yield (table := waiting.pop())
        waiting += table.get_children()


def bound(cells):
    """The names that code cells bind for those that follow."""
    of_cells = (table for table in tables(cells) if table.get_type() == "module")
    return {
        one.get_name() for table in of_cells for one in table.get_symbols() if one.is_assigned() or one.is_imported()
    }


def used(cells):
    """The names that code cells take from those before, or from themselves."""
    symbols = ((table.get_type(), one) for table in tables(cells) for one in table.get_symbols())
    return {one.get_name() for kind, one in symbols if one.is_referenced() and (kind == "module" or one.is_global())}


def needed(cells, wanted):
    """Those of the cells from which the names `wanted` come."""
    kept, wanted = [], set(wanted)
    for cell in reversed(cells):
        if bound([cell]) & wanted:
            kept.insert(0, cell)
            wanted |= used([cell])
    return kept


def with_panels_alone(notebook):
    """The notebook, of whose code only the cells that make or show a panel and what these need are left."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kept, panels = [], set()
    for k, cell in enumerate(code):
        makes = SHOWS_A_PANEL.search(cell.source)
        if makes or cell.source.splitlines()[-1] in panels:
            kept += [*needed(code[:k], used([cell])), cell]
        panels |= bound([cell]) if makes else set()
    kept = {cell.id for cell in kept}
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "code" or cell.id in kept]
    return notebook
