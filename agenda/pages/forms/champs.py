"""Champs communs aux formulaires de l’agenda."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import Form

from agenda.domaine.saisie import Refus

# Gabarits d’un champ facultatif en soi, mais attendu selon les autres réponses.
SELON_LE_CAS = "agenda/_champ.html"
CASE = "agenda/_case.html"


class EntierField(forms.IntegerField):
    """Pour le gabarit du champ, que les annotations de Django ignorent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class HeureField(forms.TimeField):
    """« 09:30 » comme l’écrit le navigateur, « 9h30 » ou « 9h » comme on l’écrit à la main."""

    def __init__(self, **kwargs: Any) -> None:
        erreurs = {"invalid": "Saisissez une heure, par exemple 9h30."}
        super().__init__(
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            input_formats=["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh"],
            error_messages=erreurs | kwargs.pop("error_messages", {}),
            **kwargs,
        )


def poser(form: Form, refus: Iterable[Refus]) -> None:
    """Chaque refus sur son champ, s’il y est et n’a pas déjà son erreur ; sinon sur l’ensemble."""
    for r in refus:
        if r.champ in form.fields and not form.fields[r.champ].widget.is_hidden:
            if not form.errors.get(r.champ):
                form.add_error(r.champ, r.message)
        else:
            form.add_error(None, r.message)
