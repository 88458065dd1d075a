"""Forms as the portal shows them: U.S. Web Design System markup for every Django form.

`settings.FORM_RENDERER = "core.forms.PortalFormRenderer"` makes every form of the process, those of
third-party apps included, render with labels, hints, error messages tied to their field by
`aria-describedby`, and an error summary with links. Nothing here needs JavaScript.

`PortalForm`/`PortalModelForm` add fieldsets; `RowFormSet`/`RowModelFormSet` add rows by a submit
button. How to use them: `docs/frontend.md`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.forms.boundfield import BoundField
from django.forms.formsets import DELETION_FIELD_NAME, BaseFormSet
from django.forms.renderers import TemplatesSetting
from django.forms.utils import ErrorDict
from django.forms.widgets import Input
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Text = str | Promise

_WIDGET_TEMPLATES = "django/forms/widgets/"
_OUR_WIDGET_TEMPLATES = "components/forms/widgets/"

# First match wins, so a subclass stands before its parent.
_WIDGET_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, ""),
    (forms.CheckboxSelectMultiple, "usa-checkbox__input"),
    (forms.CheckboxInput, "usa-checkbox__input"),
    (forms.RadioSelect, "usa-radio__input"),
    (forms.Select, "usa-select"),
    (forms.FileInput, "portal-file"),
    (forms.Textarea, "usa-textarea"),
    (Input, "usa-input"),
)
_ERROR_CLASSES = {"usa-input": "usa-input--error", "usa-textarea": "usa-input--error", "usa-select": "usa-input--error"}


class PortalBoundField(BoundField):
    """A bound field whose widget carries the design system's classes and its error state."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Add the classes to what Django adds (`aria-describedby`, `aria-invalid`, `required`)."""
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        own = next((css for kind, css in _WIDGET_CLASSES if isinstance(widget, kind)), "")
        classes = [own, str(widget.attrs.get("class", "")), str(attrs.get("class", ""))]
        if self.errors and own in _ERROR_CLASSES:
            classes.append(_ERROR_CLASSES[own])
        joined = " ".join(dict.fromkeys(" ".join(classes).split()))
        if joined:
            built["class"] = joined
        if "placeholder" in widget.attrs:
            built["placeholder"] = False  # the label says it already, and stays when one types
        if widget.use_fieldset:
            built.pop("aria-invalid", None)  # not allowed on a radio button; the fieldset names the error
        return built

    @property
    def is_single_checkbox(self) -> bool:
        """Whether the label stands behind the box instead of above it."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def marked_optional(self) -> bool:
        """Whether to say "(optional)": not where the form says itself what is needed when."""
        return not self.field.required and getattr(self.form, "mark_optional", True)

    @property
    def error_target(self) -> str:
        """The id that a link of the error summary jumps to: something that can take the focus."""
        if self.use_fieldset and self.subwidgets:
            return str(self.subwidgets[0].id_for_label or f"{self.auto_id}_group")
        return self.id_for_label or self.auto_id


class PortalFormRenderer(TemplatesSetting):
    """Renders forms from `templates/components/forms/`, widgets without one of ours from Django's.

    Needs `django.forms` in INSTALLED_APPS, which brings Django's own widget templates.
    """

    form_template_name = "components/forms/form.html"
    formset_template_name = "components/forms/formset.html"
    field_template_name = "components/forms/field.html"
    bound_field_class = PortalBoundField

    def get_template(self, template_name: str) -> Any:
        """Prefer `components/forms/widgets/X` to Django's `django/forms/widgets/X`."""
        if template_name.startswith(_WIDGET_TEMPLATES):
            try:
                return get_template(_OUR_WIDGET_TEMPLATES + template_name.removeprefix(_WIDGET_TEMPLATES))
            except TemplateDoesNotExist:
                pass
        return super().get_template(template_name)


@dataclass(frozen=True)
class Fieldset:
    """A group of fields under one legend. A tuple among the fields puts those side by side."""

    legend: Text
    fields: Sequence[str | tuple[str, ...]]
    hint: Text = ""


class PortalFormMixin:
    """What forms of the portal may declare beside their fields.

    `fieldsets`: groups, in order; fields in none of them follow at the end.
    `mark_optional`: say "(optional)" at fields that may stay empty. Switch it off where nothing
    is required yet, as in a draft.
    """

    fieldsets: ClassVar[Sequence[Fieldset]] = ()
    mark_optional: bool = True
    use_required_attribute = False  # the server's messages are better than the browser's bubble

    def layout(self) -> list[dict[str, Any]]:
        """Groups of rows of bound fields, as the form template walks them."""
        return form_layout(self)


def form_layout(form: Any) -> list[dict[str, Any]]:
    """Groups of rows of visible bound fields of any Django form.

    Each group is `{"legend", "hint", "rows"}`; a row is a list of bound fields.
    """
    groups: list[dict[str, Any]] = []
    placed: set[str] = set()
    for fieldset in getattr(form, "fieldsets", ()):
        rows = []
        for entry in fieldset.fields:
            names = (entry,) if isinstance(entry, str) else entry
            row = [form[name] for name in names if name in form.fields and not form[name].is_hidden]
            placed.update(names)
            if row:
                rows.append(row)
        if rows:
            groups.append({"legend": fieldset.legend, "hint": fieldset.hint, "rows": rows})
    rest = [[field] for field in form.visible_fields() if field.name not in placed]
    if rest:
        groups.append({"legend": "", "hint": "", "rows": rest})
    return groups


class PortalForm(PortalFormMixin, forms.Form):
    """Base of the portal's plain forms."""


class PortalModelForm(PortalFormMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Base of the portal's model forms."""


class DateInput(forms.DateInput):
    """The browser's own date field: its calendar speaks the person's language; sends ISO 8601."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"class": "portal-input--date", **(attrs or {})}, format="%Y-%m-%d")


class NumberText(forms.TextInput):
    """A text field that brings up the decimal keypad; no spinner, no scroll-wheel accidents."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        defaults = {"inputmode": "decimal", "autocomplete": "off", "class": "portal-input--number"}
        super().__init__(attrs={**defaults, **(attrs or {})})


class QuantityField(forms.DecimalField):
    """A weight or quantity as a person writes it, up to 3 places, read without guessing.

    "20,000" and "20.000" are twenty thousand or twenty, by country. The language's own convention is
    followed where only one is in use (English: the comma groups thousands); any other lone separator
    before exactly three digits could be either, so it is refused with both readings shown. Two kinds
    of separator, or one repeated, leave no doubt and are accepted in every language.
    """

    widget = NumberText
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a number, such as 19250 or 19250.5."),
        "ambiguous": _(
            "“%(text)s” can be read in two ways. Write %(thousands)s if you mean thousands, or %(decimal)s for a decimal."
        ),
    }

    def __init__(self, *, max_digits: int = 14, decimal_places: int = 3, **kwargs: Any) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """The exact decimal. Raises ValidationError `ambiguous` or `invalid`."""
        if isinstance(value, str):
            value = self._plain(value)
        result: Decimal | None = super().to_python(value)
        if result is not None and result == result.to_integral_value():
            return result.quantize(Decimal(1))
        return result.normalize() if result is not None else None

    def _plain(self, text: str) -> str:
        """`text` with a point as its only separator. Raises ValidationError `ambiguous` or `invalid`."""
        compact = re.sub(r"[\s\u00a0\u202f'’]", "", text)
        if not compact:
            return ""
        match = re.fullmatch(r"([+-]?)([0-9.,]+)", compact)
        if match is None or len(compact) > 30:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        sign, figures = match.groups()
        whole, mark, fraction = self._split(figures, text)
        return f"{sign}{whole}{'.' if mark else ''}{fraction}"

    def _split(self, figures: str, text: str) -> tuple[str, str, str]:
        """Whole part without separators, decimal mark (or none), decimals."""
        marks = re.sub(r"[0-9]", "", figures)
        kinds = set(marks)
        if not marks:
            return figures, "", ""
        last = marks[-1]
        if len(kinds) == 2 and marks.count(last) == 1:
            head, _mark, fraction = figures.partition(last)
            groups = re.split(r"[.,]", head)
            if _is_grouped(groups):
                return "".join(groups), last, fraction
        elif len(marks) > 1 and _is_grouped(figures.split(last)):
            return figures.replace(last, ""), "", ""
        elif len(marks) == 1:
            whole, fraction = figures.split(last)
            if not _is_grouped([whole, fraction]):
                return whole, last, fraction
            if last == "," and (get_language() or "en").startswith("en"):
                return whole + fraction, "", ""
            decimals = fraction.rstrip("0") or "0"
            shown = f"{whole}.{decimals}0" if len(decimals) == 3 else f"{whole}.{decimals}"
            params = {"text": text.strip(), "thousands": whole + fraction, "decimal": shown}
            raise forms.ValidationError(self.error_messages["ambiguous"], code="ambiguous", params=params)
        raise forms.ValidationError(self.error_messages["invalid"], code="invalid")

    def prepare_value(self, value: Any) -> Any:
        """A stored value as text that this field reads back as the same number."""
        if not isinstance(value, Decimal):
            return value
        text = f"{value:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        whole, point, fraction = text.partition(".")
        return f"{text}0" if point and _is_grouped([whole.lstrip("-"), fraction]) else text


def _is_grouped(groups: Sequence[str]) -> bool:
    """Whether the parts between separators could be groups of thousands: 1 to 3 digits, then always 3."""
    head, *rest = groups
    return bool(re.fullmatch(r"[1-9][0-9]{0,2}", head)) and all(re.fullmatch(r"[0-9]{3}", part) for part in rest)


class CodeInput(forms.TextInput):
    """An identifier (NOP ID, certificate number, container): fixed-width, not corrected."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        defaults = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        super().__init__(attrs={**defaults, "class": "portal-input--code", **(attrs or {})})


class SearchableSelect(forms.Select):
    """A select that becomes a type-to-filter list where JavaScript runs, else stays a select."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        words = {
            "data-combobox": "",
            "data-combobox-list": _("Choices"),
            "data-combobox-none": _("Nothing matches"),
            "data-combobox-count": _("{count} choices"),
        }
        super().__init__(attrs={**words, **(attrs or {})}, choices=choices)


class _HintedOptions:
    """Gives each option of a choice widget a line of explanation."""

    def __init__(
        self, attrs: dict[str, Any] | None = None, choices: Any = (), hints: Mapping[str, Text] | None = None
    ) -> None:
        self.hints: dict[str, Text] = dict(hints or {})
        super().__init__(attrs=attrs, choices=choices)  # type: ignore[call-arg]

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(*args, **kwargs)  # type: ignore[misc]
        option["hint"] = self.hints.get(str(option["value"]), "")
        option["tile"] = True
        return option


class RadioTiles(_HintedOptions, forms.RadioSelect):
    """Radio buttons as bordered tiles; `hints={value: text}` explains each choice."""


class CheckboxTiles(_HintedOptions, forms.CheckboxSelectMultiple):
    """Check boxes as bordered tiles; `hints={value: text}` explains each choice."""


class RowFormSetMixin:
    """Rows (lots, containers, invoices) that a person adds by a submit button, without JavaScript.

    In the view, before `is_valid()`:

        if formset.wants_row:
            formset = formset.with_another_row()   # shown again, nothing validated, nothing lost
        elif formset.is_valid(): ...
    """

    row_label: Text = _("Row")
    add_label: Text = _("Add a row")
    min_rows_shown: int = 1

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the box that removes a row in the words of the portal."""
        super().add_fields(form, index)  # type: ignore[misc]
        if DELETION_FIELD_NAME in form.fields:
            form.fields[DELETION_FIELD_NAME].label = _("Remove")

    @property
    def add_button_name(self) -> str:
        """Name of the submit button that asks for one row more."""
        return f"{self.prefix}-add-row"  # type: ignore[attr-defined]

    @property
    def wants_row(self) -> bool:
        """Whether the posted form was sent by the "add" button."""
        return bool(self.is_bound and self.add_button_name in self.data)  # type: ignore[attr-defined]

    def with_another_row(self) -> Any:
        """A formset of the same kind and data with one empty row more, and no error shown."""
        data = self.data.copy()  # type: ignore[attr-defined]
        key = f"{self.prefix}-TOTAL_FORMS"  # type: ignore[attr-defined]
        limit = int(self.max_num)  # type: ignore[attr-defined]
        try:
            count = max(int(data.get(key, 0)), 0)
        except ValueError:
            count = 0
        data[key] = str(min(count + 1, limit))
        keep = {"queryset": self.queryset} if hasattr(self, "queryset") else {}
        if hasattr(self, "instance"):
            keep = {"instance": self.instance}
        kind: Any = type(self)
        again = kind(
            data,
            prefix=self.prefix,  # type: ignore[attr-defined]
            initial=self.initial,  # type: ignore[attr-defined]
            form_kwargs=self.form_kwargs,  # type: ignore[attr-defined]
            **keep,
        )
        again._errors = []
        again._non_form_errors = again.error_class()
        for form in again.forms:
            form._errors = ErrorDict()
        return again


class RowFormSet(RowFormSetMixin, BaseFormSet):  # type: ignore[type-arg]
    """For `formset_factory(..., formset=RowFormSet)`."""


class RowModelFormSet(RowFormSetMixin, forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """For `inlineformset_factory(..., formset=RowModelFormSet)`."""
