"""The examples of docs/sla.md do what the document says."""

import doctest
import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "sla.md"


def test_every_example_prints_what_the_document_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    # Fences are no output; lines keep their numbers.
    examples = re.sub(r"(?m)^```.*$", "", text)
    test = doctest.DocTestParser().get_doctest(examples, {}, DOCUMENT.name, str(DOCUMENT), 0)
    report: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert not results.failed, "".join(report)
    assert results.attempted == len(re.findall(r"(?m)^>>>", text)) > 0


def test_the_table_of_contents_names_every_section() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = re.findall(r"(?m)^## (.+)$", text)
    assert re.findall(r"(?m)^- \[(.+)\]\(#", text) == sections
