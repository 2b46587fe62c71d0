"""Périodes d’indisponibilité."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from dsfr.forms import DsfrBaseForm
from dsfr.utils import dsfr_input_class_attr

from agenda.pages.forms.champs import CASE, SELON_LE_CAS, HeureField
from annuaire.models import LieuExercice
from sas_platform.socle.jours import JourField

LIGNES = (1, 2, 3)  # périodes d’un même envoi ; on en pose autant que l’on veut


class IndisponibiliteForm(DsfrBaseForm):
    """Une ou plusieurs périodes, ou « dès maintenant », pour un ou plusieurs lieux.

    Sans heure, une période prend des jours entiers ; ses heures sont celles de chaque lieu.
    """

    lieux = forms.ModelMultipleChoiceField(
        label="Lieux d’exercice",
        queryset=LieuExercice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un lieu d’exercice."},
    )
    indeterminee = forms.BooleanField(
        label="Dès maintenant pour une durée indéterminée", required=False, template_name=CASE
    )
    confirmee = forms.BooleanField(
        label="Je tiendrai ces rendez-vous, ou j’ai prévenu la régulation", required=False, template_name=CASE
    )

    def __init__(self, *args: Any, lieux: Sequence[LieuExercice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connus = LieuExercice.objects.filter(pk__in=[lieu.pk for lieu in lieux]).select_related("commune")
        self.fields["lieux"].queryset = connus.order_by("adresse", "pk")
        self.fields["lieux"].label_from_instance = lambda lieu: lieu.adresse_complete
        for nom, champ in _champs_des_periodes():
            self.fields[nom] = champ
            dsfr_input_class_attr(self[nom])
        self.periodes: list[tuple[date, time, date, time | None]] = []

    def clean(self) -> dict[str, Any]:
        donnees = super().clean()
        if donnees.get("indeterminee"):
            return donnees
        for n in LIGNES:
            du, au = donnees.get(f"du_{n}"), donnees.get(f"au_{n}")
            de, a = donnees.get(f"de_{n}"), donnees.get(f"a_{n}")
            if any(self.errors.get(f"{nom}_{n}") for nom in ("du", "de", "au", "a")):
                continue
            if n > 1 and not any((du, de, au, a)):
                continue
            self._lire_la_ligne(n, du, de, au, a)
        return donnees

    def _lire_la_ligne(
        self, n: int, du: date | None, de: time | None, au: date | None, a: time | None
    ) -> None:
        if du is None:
            message = f"Une date de début est requise pour la période d’indisponibilité {n}"
            self.add_error(f"du_{n}", message)
        if au is None:
            self.add_error(f"au_{n}", f"Une date de fin est requise pour la période d’indisponibilité {n}")
        if du is None or au is None:
            return
        if (au, a or time.max) <= (du, de or time.min):
            self.add_error(
                f"au_{n}",
                "La date de fin ne peut pas être antérieure à la date de début pour la période "
                f"d’indisponibilité {n}",
            )
            return
        self.periodes.append((du, de or time.min, au, a))

    def bornes(self, lieu: LieuExercice, maintenant: datetime) -> list[tuple[datetime, datetime | None]]:
        """Périodes à l’heure de ce lieu ; un dernier jour entier finit à minuit."""
        if self.cleaned_data["indeterminee"]:
            return [(maintenant, None)]
        fuseau = ZoneInfo(lieu.fuseau)
        return [
            (
                datetime.combine(du, de, tzinfo=fuseau),
                datetime.combine(au, a, tzinfo=fuseau)
                if a
                else datetime.combine(au + timedelta(days=1), time.min, tzinfo=fuseau),
            )
            for du, de, au, a in self.periodes
        ]


def _champs_des_periodes() -> Iterator[tuple[str, forms.Field]]:
    for n in LIGNES:
        yield f"du_{n}", JourField(label="Du", required=False, template_name=SELON_LE_CAS)
        yield f"de_{n}", HeureField(label="À partir de", required=False, template_name=SELON_LE_CAS)
        yield f"au_{n}", JourField(label="Au", required=False, template_name=SELON_LE_CAS)
        yield f"a_{n}", HeureField(label="Jusqu’à", required=False, template_name=SELON_LE_CAS)
