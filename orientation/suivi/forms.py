"""Formulaires de la vie d’une orientation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from dsfr.forms import DsfrBaseForm

from agenda.enums import Genre
from annuaire.models import Territoire
from comptes.models import Compte
from orientation.enums import (
    Issue,
    IssueAppel,
    MotifAnnulation,
    RythmeAvis,
    StatutRendezVous,
    TypeOrientation,
    Voie,
)
from orientation.forms import EnSusForm
from orientation.models import MotifRefus, OrientationQuerySet, Redirection, RendezVous
from orientation.rendu.textes import FUSEAU_DE_PARIS
from sas_platform.socle.jours import JourField

PERIODE_MAX = timedelta(days=92)
PATIENT_DANS_UNE_NOTE = (
    "Cette note semble désigner un patient (un numéro ou une date). Écrivez-la sans rien de lui."
)
# Téléphone, numéro de sécurité sociale, date de naissance : ce qui n’a rien à faire dans une note.
_NUMERO = re.compile(r"\d(?:[ .\-/]?\d){8,}|\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d{2}\b")


# Dans l’adresse de l’étape où l’on revient choisir pourquoi.
SANS_RAISON = "sans_raison"
RAISON_ABSENTE = "Choisissez la raison du refus."


class AppelForm(DsfrBaseForm):
    """Ce qu’a donné un appel ; un refus dit pourquoi, et aucune raison n’est choisie d’avance."""

    issue = forms.ChoiceField(choices=IssueAppel.choices)
    motif = forms.ModelChoiceField(
        label="Raison du refus", queryset=MotifRefus.objects.none(), required=False
    )
    creneau = forms.SlugField(required=False)
    recherche = forms.SlugField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        motif: Any = self.fields["motif"]
        motif.queryset = MotifRefus.objects.filter(est_actif=True).order_by("rang", "pk")

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if donnees.get("issue") == IssueAppel.REFUS and donnees.get("motif") is None:
            self.add_error("motif", RAISON_ABSENTE)
        return donnees


class AvecMotif(DsfrBaseForm):
    """Pourquoi ce qui était prévu ne l’est plus, pris dans `motifs` ; aucun n’est choisi d’avance."""

    motifs: Sequence[MotifAnnulation] = ()

    motif = forms.ChoiceField(label="Pourquoi", error_messages={"required": "Choisissez pourquoi."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        champ: Any = self.fields["motif"]
        champ.choices = [("", "Choisir"), *((motif.value, motif.label) for motif in self.motifs)]

    def motif_choisi(self) -> MotifAnnulation:
        return MotifAnnulation(self.cleaned_data["motif"])


class AnnulationForm(AvecMotif):
    motifs = (
        MotifAnnulation.ERREUR,
        MotifAnnulation.PATIENT,
        MotifAnnulation.PROFESSIONNEL,
        MotifAnnulation.URGENCE,
    )


class IssueForm(DsfrBaseForm):
    issue = forms.ChoiceField(choices=Issue.choices)


class RythmeForm(DsfrBaseForm):
    rythme = forms.ChoiceField(
        label="Être prévenu des patients adressés", choices=RythmeAvis.choices, widget=forms.RadioSelect
    )


class NoteForm(DsfrBaseForm):
    territoire = forms.ModelChoiceField(
        label="Territoire", queryset=Territoire.objects.none(), empty_label=None
    )
    texte = forms.CharField(
        label="Note pour l’équipe suivante",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Aucune donnée de patient. Effacée après trois jours.",
    )

    def __init__(self, *args: Any, territoires: QuerySet[Territoire], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        champ: Any = self.fields["territoire"]
        champ.queryset = territoires.order_by("nom", "pk")

    def clean_texte(self) -> str:
        texte = str(self.cleaned_data["texte"]).strip()
        if _NUMERO.search(texte):
            raise forms.ValidationError(PATIENT_DANS_UNE_NOTE)
        return texte


class CorrectionForm(AvecMotif):
    motifs = (MotifAnnulation.ERREUR, MotifAnnulation.AUTRE_HEURE, MotifAnnulation.HEURE_PROPOSEE)
    field_order = ("creneau", "date", "heure", "motif")


class AutreHeureForm(CorrectionForm, EnSusForm):
    """L’heure, convenue par téléphone, qui remplace celle d’une orientation en sus."""


class AutreCreneauForm(CorrectionForm):
    """Le créneau du même lieu qui remplace celui de l’orientation."""

    creneau = forms.ChoiceField(label="Remplacer par", widget=forms.RadioSelect)
    cle = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, creneaux: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        champ: Any = self.fields["creneau"]
        champ.choices = creneaux


# L’annotation de `lectures.suivies_par`.
ISSUE = "issue_retenue"
MIENNES, EQUIPE = "miennes", "equipe"
DEPART = "depart"
GENRES = [
    ("creneau", "Créneau"),
    ("plage", "Plage"),
    ("en_sus", "En sus des disponibilités"),
    ("reorientation", "Réorientation depuis les urgences"),
    (DEPART, "Départ vers un éditeur"),
]
ETATS = [
    ("prise", "Enregistrées"),
    ("annulee", "Annulées par la régulation"),
    ("sans_issue", "Passées, sans issue connue"),
    *Issue.choices,
]
_GENRES = {
    "creneau": Q(reservation__disponibilite__genre=Genre.CRENEAU) & ~Q(type=TypeOrientation.IOA),
    "plage": Q(reservation__disponibilite__genre=Genre.PLAGE) & ~Q(type=TypeOrientation.IOA),
    "en_sus": Q(voie=Voie.SURNUMERAIRE),
    "reorientation": Q(type=TypeOrientation.IOA),
}


# Ce que chaque état d’une orientation veut dire du rendez-vous qu’un éditeur annonce après un départ.
_STATUTS: dict[str, list[StatutRendezVous]] = {
    "prise": [s for s in StatutRendezVous if s != StatutRendezVous.ANNULE],
    "annulee": [StatutRendezVous.ANNULE],
    Issue.VENU.value: [StatutRendezVous.HONORE],
    Issue.PAS_VENU.value: [StatutRendezVous.ABSENT],
    Issue.ANNULE.value: [StatutRendezVous.ANNULE],
}


class FiltreForm(DsfrBaseForm):
    """Filtres du suivi, à l’heure de Paris ; sans période, le jour en cours. Une valeur inconnue ne filtre rien."""

    qui = forms.ChoiceField(label="Qui", required=False)
    # La note de relève, sur la même page, a déjà un champ « territoire ».
    regulation = forms.ModelChoiceField(
        label="Territoire", queryset=Territoire.objects.none(), required=False, empty_label="Tous"
    )
    du = JourField(label="Du", required=False)
    au = JourField(label="Au", required=False)
    genre = forms.ChoiceField(label="Genre", required=False, choices=[("", "Tous"), *GENRES])
    etat = forms.ChoiceField(label="État", required=False, choices=[("", "Tous"), *ETATS])

    def __init__(
        self,
        *args: Any,
        compte: Compte,
        territoires: QuerySet[Territoire],
        equipe: Iterable[Compte],
        maintenant: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.compte, self.maintenant = compte, maintenant
        qui: Any = self.fields["qui"]
        collegues = [(str(autre.pk), str(autre)) for autre in equipe if autre != compte]
        qui.choices = [(EQUIPE, "Toute l’équipe"), (MIENNES, "Moi seulement"), *collegues]
        regulation: Any = self.fields["regulation"]
        regulation.queryset = territoires.order_by("nom", "pk")

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        jour = self.maintenant.astimezone(ZoneInfo(FUSEAU_DE_PARIS)).date()
        du, au = donnees.get("du"), donnees.get("au")
        du, au = du or min(au or jour, jour), au or max(du or jour, jour)
        if au < du:
            self.add_error("au", "Le dernier jour ne peut pas précéder le premier.")
        elif au - du > PERIODE_MAX:
            self.add_error("au", f"Choisissez une période de {PERIODE_MAX.days} jours au plus.")
        return donnees | {"du": du, "au": au}

    def appliquer(self, orientations: OrientationQuerySet) -> OrientationQuerySet:
        """Aucune ligne si la période ne tient pas : la montrer en partie tromperait."""
        if not self.is_valid():
            return orientations.none()
        lus = self.cleaned_data
        orientations = orientations.filter(**self._de_qui())
        if lus["genre"] == DEPART:
            return orientations.none()
        if lus["genre"]:
            orientations = orientations.filter(_GENRES[lus["genre"]])
        return self._dans_l_etat(orientations.enregistrees_entre(*self._periode()), lus["etat"])

    def appliquer_aux_departs(self, departs: QuerySet[Redirection]) -> QuerySet[Redirection]:
        """Départs de la même période ; leur état est celui du rendez-vous que l’éditeur a annoncé."""
        if not self.is_valid() or self.cleaned_data["genre"] not in ("", DEPART):
            return departs.none()
        lus = self.cleaned_data
        departs = departs.filter(**self._de_qui())
        debut, fin = self._periode()
        departs = departs.filter(le__gte=debut, le__lt=fin)
        revenus = RendezVous.objects.filter(redirection=OuterRef("pk"))
        if lus["etat"] == "sans_issue":
            return departs.filter(~Exists(revenus))
        if lus["etat"]:
            return departs.filter(Exists(revenus.filter(statut__in=_STATUTS[lus["etat"]])))
        return departs

    def _de_qui(self) -> dict[str, Any]:
        """Conditions communes aux orientations et aux départs : qui les a faits, et pour quel territoire."""
        qui, territoire = self.cleaned_data["qui"], self.cleaned_data["regulation"]
        conditions: dict[str, Any] = {"territoire": territoire} if territoire else {}
        if qui not in ("", EQUIPE):
            conditions["acteur"] = self.compte.pk if qui == MIENNES else qui
        return conditions

    def _periode(self) -> tuple[datetime, datetime]:
        paris, lus = ZoneInfo(FUSEAU_DE_PARIS), self.cleaned_data
        return (
            datetime.combine(lus["du"], time.min, tzinfo=paris),
            datetime.combine(lus["au"] + timedelta(days=1), time.min, tzinfo=paris),
        )

    def _dans_l_etat(self, orientations: OrientationQuerySet, etat: str) -> OrientationQuerySet:
        if etat == "annulee":
            return orientations.exclude(annulee_le=None)
        if not etat:
            return orientations
        en_cours = orientations.filter(annulee_le=None)
        if etat == "sans_issue":
            return en_cours.filter(debut__lt=self.maintenant, **{ISSUE: None})
        return en_cours if etat == "prise" else en_cours.filter(**{ISSUE: etat})
