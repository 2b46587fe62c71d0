"""Ouvrir et modifier des disponibilités."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_datetime
from dsfr.forms import DsfrBaseForm

from agenda.domaine.saisie import CAPACITE_MAX, Saisie, refus
from agenda.enums import Genre, ModaliteConsultation, Portee
from agenda.pages.forms.champs import CASE, SELON_LE_CAS, EntierField, HeureField, poser
from agenda.saisie.lectures import Occurrence
from sas_platform.socle.francais import JOURS
from sas_platform.socle.jours import JourField

GENRES = (
    (Genre.PLAGE, "Plage\u00a0: plusieurs patients sans rendez-vous sur l’horaire"),
    (Genre.CRENEAU, "Créneau\u00a0: un patient, de 5 à 60 minutes"),
)
RANGS = ("", "_2", "_3")  # matin, après-midi, soirée
SEMAINE = [(str(numero), jour.capitalize()) for numero, jour in enumerate(JOURS, start=1)]


class SaisieForm(DsfrBaseForm):
    """Un ou plusieurs horaires semblables, une fois ou chaque semaine.

    `averti` revient avec l’empreinte des mises en garde déjà montrées : les
    mêmes ne retiennent pas deux fois.
    """

    genre = forms.ChoiceField(
        label="Vous ouvrez",
        choices=GENRES,
        widget=forms.RadioSelect,
        initial=Genre.PLAGE,
        error_messages={"required": "Veuillez sélectionner un type (créneau ou plage horaire)."},
    )
    capacite = EntierField(
        label="Nombre de patients",
        help_text="Pour une plage.",
        required=False,
        template_name=SELON_LE_CAS,
        initial=1,
        error_messages={"invalid": f"Nombre de patients incorrect\u00a0: de 1 à {CAPACITE_MAX}."},
        widget=forms.NumberInput(attrs={"min": 1, "max": CAPACITE_MAX, "inputmode": "numeric"}),
    )
    duree_creneau_min = EntierField(
        label="Découper chaque horaire en créneaux de (minutes)",
        help_text="De 5 à 60 minutes. Vide\u00a0: l’horaire est un seul créneau.",
        required=False,
        template_name=SELON_LE_CAS,
        widget=forms.NumberInput(attrs={"min": 5, "max": 60, "step": 5, "inputmode": "numeric"}),
    )
    modalites = forms.MultipleChoiceField(
        label="Types de consultation",
        choices=ModaliteConsultation.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[ModaliteConsultation.CABINET],
        error_messages={"required": "Veuillez sélectionner au moins un type de consultation."},
    )
    premier_jour = JourField(label="Jour", help_text="Ou premier jour de la répétition.")
    heure_debut = HeureField(
        label="De", error_messages={"required": "L’heure de début doit être renseignée."}
    )
    heure_fin = HeureField(label="À", error_messages={"required": "L’heure de fin doit être renseignée."})
    heure_debut_2 = HeureField(label="De (deuxième horaire)", required=False, template_name=SELON_LE_CAS)
    heure_fin_2 = HeureField(label="À (deuxième horaire)", required=False, template_name=SELON_LE_CAS)
    heure_debut_3 = HeureField(label="De (troisième horaire)", required=False, template_name=SELON_LE_CAS)
    heure_fin_3 = HeureField(label="À (troisième horaire)", required=False, template_name=SELON_LE_CAS)
    jours = forms.MultipleChoiceField(
        label="Répéter chaque semaine",
        help_text="Aucun jour coché\u00a0: une seule fois.",
        choices=SEMAINE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    toutes_les_n_semaines = EntierField(
        label="Toutes les n semaines",
        help_text="1\u00a0: chaque semaine\u00a0; 2\u00a0: une semaine sur deux.",
        required=False,
        template_name=SELON_LE_CAS,
        initial=1,
        widget=forms.NumberInput(attrs={"min": 1, "max": 52, "inputmode": "numeric"}),
    )
    dernier_jour = JourField(
        label="Jusqu’au",
        help_text="Vide\u00a0: sans date de fin.",
        required=False,
        template_name=SELON_LE_CAS,
    )
    averti = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, maintenant: datetime, fuseau: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.maintenant = maintenant
        self.fuseau = fuseau
        self.avertissements: Sequence[str] = ()

    def clean(self) -> dict[str, Any]:
        donnees = super().clean()
        horaires = []
        for rang in RANGS:
            debut, fin = donnees.get(f"heure_debut{rang}"), donnees.get(f"heure_fin{rang}")
            if debut and fin:
                horaires.append((debut, fin))
                if fin <= debut:
                    message = "L’heure de début doit être antérieure à l’heure de fin."
                    self.add_error(f"heure_fin{rang}", message)
            elif rang and (debut or fin):
                manque = "fin" if debut else "debut"
                self.add_error(f"heure_{manque}{rang}", "Complétez cet horaire, ou videz-le.")
        donnees["horaires"] = tuple(horaires)
        sans_capacite = donnees.get("capacite") is None and "capacite" not in self.errors
        if donnees.get("genre") == Genre.PLAGE and sans_capacite:
            self.add_error("capacite", f"Nombre de patients incorrect\u00a0: de 1 à {CAPACITE_MAX}.")
        if not self.errors:
            self.refuser(refus(self.saisie(), maintenant=self.maintenant, fuseau=self.fuseau))
        return donnees

    def refuser(self, refus: Sequence[Any]) -> None:
        poser(self, refus)

    def saisie(self) -> Saisie:
        donnees = self.cleaned_data
        est_plage = donnees["genre"] == Genre.PLAGE
        return Saisie(
            est_plage=est_plage,
            # Le champ qui n’est pas du genre choisi n’a pas d’objet : il ne se reproche pas.
            capacite=donnees["capacite"] if est_plage else 1,
            duree_creneau_min=None if est_plage else donnees["duree_creneau_min"],
            modalites=tuple(donnees["modalites"]),
            premier_jour=donnees["premier_jour"],
            horaires=donnees["horaires"],
            jours=frozenset(int(jour) for jour in donnees["jours"]),
            dernier_jour=donnees["dernier_jour"],
            toutes_les_n_semaines=donnees["toutes_les_n_semaines"] or 1,
        )

    def admet(self, avertissements: Sequence[str]) -> bool:
        """Vrai si rien n’est à signaler, ou si la personne passe outre ; sinon les mises en garde sont à montrer."""
        empreinte = hashlib.blake2s("\n".join(avertissements).encode(), digest_size=16).hexdigest()
        if not avertissements or self.cleaned_data["averti"] == empreinte:
            return True
        self.avertissements = avertissements
        self.retenir("averti", empreinte)
        return False

    def retenir(self, champ: str, valeur: str) -> None:
        """Change une valeur cachée du formulaire rendu, sans toucher à ce qui est tapé."""
        donnees: Any = self.data.copy()  # type: ignore[has-type]
        donnees[champ] = valeur
        self.data = donnees


class ModificationForm(SaisieForm):
    """Les mêmes champs pour une occurrence, et jusqu’où porte le changement."""

    portee = forms.ChoiceField(
        label="Appliquer à",
        choices=Portee.choices,
        initial=Portee.CETTE,
        widget=forms.RadioSelect,
    )
    prevenue = forms.BooleanField(label="J’ai prévenu la régulation", required=False, template_name=CASE)
    vue_le = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, est_repetee: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.est_repetee = est_repetee
        if not est_repetee:
            del self.fields["portee"]

    def clean_vue_le(self) -> datetime:
        try:
            vue_le = parse_datetime(self.cleaned_data["vue_le"])
        except ValueError:
            vue_le = None
        if vue_le is None or vue_le.tzinfo is None:
            raise forms.ValidationError("Rechargez cette page.")
        return vue_le

    @property
    def portee_choisie(self) -> Portee:
        """Sans répétition, la disponibilité entière change ; et peut devenir une série."""
        if not self.est_repetee:
            return Portee.SUIVANTES if self.cleaned_data.get("jours") else Portee.CETTE
        return Portee(self.cleaned_data.get("portee") or Portee.CETTE)

    def refuser(self, refus: Sequence[Any]) -> None:
        """D’une série entière, le premier jour est déjà passé : l’action prend le prochain."""
        if self.portee_choisie is Portee.TOUTES:
            refus = [r for r in refus if r.champ != "premier_jour"]
        super().refuser(refus)

    def saisie(self) -> Saisie:
        saisie = super().saisie()
        if self.portee_choisie is not Portee.CETTE:
            return saisie
        return Saisie(
            est_plage=saisie.est_plage,
            capacite=saisie.capacite,
            modalites=saisie.modalites,
            premier_jour=saisie.premier_jour,
            horaires=saisie.horaires,
            duree_creneau_min=saisie.duree_creneau_min,
        )


class DeplacementForm(forms.Form):
    """Ce que le calendrier envoie d’un glisser : le nouveau jour et les nouvelles heures."""

    premier_jour = JourField()
    heure_debut = HeureField()
    heure_fin = HeureField()
    portee = forms.ChoiceField(choices=Portee.choices, required=False)
    vue_le = forms.CharField(max_length=40)


class RetraitForm(DsfrBaseForm):
    portee = forms.ChoiceField(
        label="Supprimer",
        choices=Portee.choices,
        widget=forms.RadioSelect,
        initial=Portee.CETTE,
    )
    vue_le = forms.CharField(max_length=40, widget=forms.HiddenInput)

    clean_vue_le = ModificationForm.clean_vue_le

    def __init__(self, *args: Any, est_repetee: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not est_repetee:
            del self.fields["portee"]

    @property
    def portee_choisie(self) -> Portee:
        return Portee(self.cleaned_data.get("portee") or Portee.CETTE)


def valeurs_de(occurrence: Occurrence) -> dict[str, Any]:
    """Ce qu’est une occurrence, dans les champs de `ModificationForm`."""
    ligne = occurrence.disponibilite
    return {
        "genre": ligne.genre,
        "capacite": ligne.capacite,
        "modalites": list(ligne.modalites),
        "premier_jour": occurrence.jour,
        "heure_debut": ligne.heure_debut,
        "heure_fin": ligne.heure_fin,
        "jours": [str(jour) for jour in ligne.jours],
        "toutes_les_n_semaines": ligne.toutes_les_n_semaines,
        "dernier_jour": ligne.dernier_jour,
        "portee": Portee.CETTE,
        "vue_le": ligne.modifie_le.isoformat(),
    }


def valeurs_proposees(adresse: Any, ici: datetime) -> dict[str, Any]:
    """Jour et heures choisis d’un geste dans le calendrier, ou la prochaine heure ronde ; `ici` : à l’heure du lieu."""
    choisi = DeplacementForm(
        {"premier_jour": adresse.get("jour"), "heure_debut": adresse.get("de"), "heure_fin": adresse.get("a")}
    )
    choisi.is_valid()
    donnees = choisi.cleaned_data
    prochaine = min(max(ici.hour + 1, 8), 21)
    return {
        "premier_jour": donnees.get("premier_jour") or ici.date(),
        "heure_debut": donnees.get("heure_debut") or time(prochaine),
        "heure_fin": donnees.get("heure_fin") or time(prochaine + 2),
    }
