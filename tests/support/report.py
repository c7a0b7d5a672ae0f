"""What a page of the report holds."""
import json
import re


def figures_of(page):
    """Its figures by id, with rows as the specs name them (results/report/draw.h)."""
    data = json.loads(re.search('id="figures">(.*?)</script>', page)[1])

    def unpacked(packed):
        return [{field: data["texts"][cell[0]] if isinstance(cell, list) else cell
                 for field, cell in zip(packed["fields"], row)} for row in packed["rows"]]
    return {name: {**figure, "rows": unpacked(figure["data"]), "table": unpacked(figure.get("table", figure["data"]))}
            for name, figure in data["figures"].items()}
