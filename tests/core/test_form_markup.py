"""Every form renders accessible markup of the design system, and rows can be added without JavaScript."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from core.forms import (
    CheckboxTiles,
    DateInput,
    Fieldset,
    PortalForm,
    RadioTiles,
    RowFormSet,
    SearchableSelect,
)


class Goods(PortalForm):
    name = forms.CharField(label="Product name", help_text="As on the label.")
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    unit = forms.ChoiceField(label="Unit", choices=[("KGM", "kg"), ("LBR", "lb")])
    importer = forms.ChoiceField(label="Importer", choices=[("1", "Blue Harbor")], widget=SearchableSelect)
    start = forms.DateField(label="First day", widget=DateInput)
    kind = forms.ChoiceField(
        label="Kind", choices=[("one", "One"), ("many", "Many")], widget=RadioTiles(hints={"one": "A single shipment."})
    )
    extras = forms.MultipleChoiceField(label="Extras", choices=[("a", "A")], widget=CheckboxTiles, required=False)
    sure = forms.BooleanField(label="I declare")
    paper = forms.FileField(label="Paper", required=False)

    fieldsets = (Fieldset("Goods", ["name", ("unit", "note")], "One product."),)


class Lot(PortalForm):
    lot = forms.CharField(label="Lot number")


class Lots(RowFormSet):
    row_label = "Lot"
    add_label = "Add a lot"


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def by(self, **wanted: str) -> dict[str, str | None]:
        return next(a for _t, a in self.elements if all(a.get(k) == v for k, v in wanted.items()))

    def ids(self) -> set[str | None]:
        return {attrs["id"] for _tag, attrs in self.elements if "id" in attrs}


@pytest.fixture
def refused() -> Elements:
    return Elements(Goods({"g-unit": "KGM"}, prefix="g").render())


def test_every_control_has_a_label_or_stands_in_a_named_fieldset(refused: Elements) -> None:
    labelled = {attrs.get("for") for tag, attrs in refused.elements if tag == "label"}
    controls = {
        a["id"] for tag, a in refused.elements if tag in {"input", "select", "textarea"} and a.get("type") != "hidden"
    }
    assert controls <= labelled


def test_whatever_describes_a_control_is_in_the_page(refused: Elements) -> None:
    described = [a["aria-describedby"] for _t, a in refused.elements if a.get("aria-describedby")]
    assert described
    for value in described:
        assert set((value or "").split()) <= refused.ids()


def test_an_error_is_bound_to_its_field_and_linked_from_the_summary(refused: Elements) -> None:
    field = refused.by(name="g-name")
    assert field["aria-invalid"] == "true"
    assert "id_g-name_error" in str(field["aria-describedby"])
    links = {attrs.get("href") for tag, attrs in refused.elements if tag == "a"}
    assert {"#id_g-name", "#id_g-importer", "#id_g-start", "#id_g-kind_0", "#id_g-sure"} <= links
    assert {str(link)[1:] for link in links} <= refused.ids()


def test_an_unbound_form_shows_no_summary() -> None:
    assert "error-summary" not in Goods().render()


def test_no_inline_style_script_or_handler_is_rendered(refused: Elements) -> None:
    for tag, attrs in refused.elements:
        assert tag not in {"script", "style"}
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_widgets_carry_the_classes_of_the_design_system(refused: Elements) -> None:
    assert "usa-input usa-input--error" in str(refused.by(name="g-name")["class"])
    assert refused.by(name="g-note")["class"] == "usa-textarea"
    assert refused.by(name="g-unit")["class"] == "usa-select"
    assert refused.by(name="g-kind", value="one")["class"] == "usa-radio__input"
    assert refused.by(name="g-extras", value="a")["class"] == "usa-checkbox__input"
    assert refused.by(name="g-start")["type"] == "date"


def test_fields_that_may_stay_empty_are_marked_unless_the_form_says_otherwise() -> None:
    class Draft(Goods):
        mark_optional = False

    assert "(optional)" in Goods().render()
    assert "(optional)" not in Draft().render()


def test_fields_outside_every_fieldset_are_shown_too() -> None:
    html = Goods().render()
    assert all(f'name="{name}"' in html for name in Goods.base_fields)


def _lots(posted: str, **options: Any) -> Any:
    kind = forms.formset_factory(Lot, formset=Lots, extra=1, max_num=3, can_delete=True, **options)
    return kind(QueryDict(posted), prefix="lots")


def test_the_add_button_gives_one_row_more_and_loses_nothing() -> None:
    lots = _lots("lots-TOTAL_FORMS=1&lots-INITIAL_FORMS=0&lots-0-lot=A1&lots-add-row=1")
    assert lots.wants_row
    again = lots.with_another_row()
    assert len(again.forms) == 2
    html = again.render()
    assert 'value="A1"' in html
    assert "usa-error-message" not in html and "error-summary" not in html


def test_rows_end_at_the_limit() -> None:
    lots = _lots("lots-TOTAL_FORMS=3&lots-INITIAL_FORMS=0&lots-add-row=1")
    again = lots.with_another_row()
    assert len(again.forms) == 3
    assert "lots-add-row" not in again.render()


def test_a_forged_row_count_does_not_break_the_page() -> None:
    assert _lots("lots-TOTAL_FORMS=x&lots-INITIAL_FORMS=0&lots-add-row=1").with_another_row().forms


def test_saving_without_the_add_button_validates_the_rows() -> None:
    lots = _lots("lots-TOTAL_FORMS=2&lots-INITIAL_FORMS=0&lots-0-lot=A1&lots-1-lot=")
    assert not lots.wants_row
    assert lots.is_valid()
    assert [form.cleaned_data.get("lot") for form in lots.forms] == ["A1", None]
