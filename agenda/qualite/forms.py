"""Arrêt et reprise, réglages d’un éditeur, Bundle à relire, professionnel à retrouver."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from dsfr.forms import DsfrBaseForm

from agenda.editeurs.codes import PERSONNE, SIRET
from agenda.editeurs.normaliseur import TAILLE_MAX
from agenda.editeurs.verdicts import Cas, fenetre_interrogee
from agenda.enums import Environnement, Flux
from agenda.models import Editeur
from agenda.qualite.actions import REGLAGES, version_de

COLLE_MAX = 2_000_000  # au-delà, Django refuse le formulaire entier : un fichier convient mieux
DEMANDES_MAX = 200
_SEPARATEURS = re.compile(r"[\s,;]+")
_HOTE = re.compile(
    r"(?=.{1,120}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}|localhost|[0-9.]{7,15}"
)
_CERTIFICAT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")
_ORIGINE = re.compile(r"[A-Za-z0-9._-]{1,40}")


class ServiceForm(DsfrBaseForm):
    motif = forms.CharField(
        label="Motif",
        help_text="300 caractères au plus. Il reste dans la trace\u00a0; pour un arrêt, le support et l’éditeur le lisent. "
        "Aucune donnée de patient.",
        min_length=5,
        max_length=300,
        error_messages={"required": "Dites pourquoi.", "min_length": "Dites pourquoi, en quelques mots."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LignesField(forms.CharField):
    """Une valeur par ligne, sans répétition."""

    def __init__(self, *, longueur: int, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}))
        super().__init__(required=False, **kwargs)
        self.longueur = longueur

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lignes = list(dict.fromkeys(filter(None, map(str.strip, str(super().clean(value)).splitlines()))))
        if trop := next((ligne for ligne in lignes if len(ligne) > self.longueur), None):
            raise ValidationError(f"«\u00a0{trop[:40]}…\u00a0» dépasse {self.longueur} caractères.")
        return lignes


class ReglagesForm(DsfrBaseForm):
    nom = forms.CharField(label="Nom", max_length=80)
    url_base = forms.CharField(
        label="URL de base FHIR", help_text="En https, sans barre finale.", max_length=200
    )
    environnement = forms.ChoiceField(label="Environnement", choices=Environnement.choices)
    flux = forms.MultipleChoiceField(
        label="Flux ouverts", choices=Flux.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    requetes_par_heure = forms.IntegerField(label="Requêtes par heure", min_value=1, max_value=100_000)
    concurrence_max = forms.IntegerField(label="Appels simultanés", min_value=1, max_value=100)
    periode_s = forms.IntegerField(
        label="Période d’interrogation, en secondes", min_value=30, max_value=86_400
    )
    grise_s = forms.IntegerField(
        label="Âge où un créneau est montré comme ancien, en secondes", min_value=60, max_value=604_800
    )
    peremption_s = forms.IntegerField(
        label="Âge où un créneau n’est plus montré, en secondes", min_value=60, max_value=604_800
    )
    hotes_reservation = LignesField(
        label="Hôtes admis des liens de réservation",
        help_text="Un par ligne, sans https://. Un lien vers un autre hôte n’est pas montré.",
        longueur=120,
    )
    url_place_de_marche = forms.CharField(
        label="Place de marché",
        help_text="Page où un régulateur cherche chez cet éditeur.",
        max_length=200,
        required=False,
    )
    origine = forms.CharField(label="Valeur du paramètre origin", max_length=40)
    certificat = forms.CharField(
        label="Certificat client",
        help_text="Nom, sans extension, dans le dossier des certificats\u00a0; vide\u00a0: celui de la plateforme.",
        max_length=80,
        required=False,
    )
    cn = forms.CharField(label="CN du certificat qu’il présente", max_length=120, required=False)
    ou = forms.CharField(label="OU du certificat qu’il présente", max_length=120, required=False)
    systemes_rendez_vous = LignesField(
        label="Systèmes des identifiants de rendez-vous",
        help_text="OID ou URL, un par ligne.",
        longueur=200,
    )
    vu_le = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, editeur: Editeur, http_admis: bool, **kwargs: Any) -> None:
        initial = {nom: getattr(editeur, nom) for nom in REGLAGES} | {"vu_le": version_de(editeur)}
        super().__init__(*args, initial=initial, **kwargs)
        self.editeur = editeur
        self._schemas = ["https", "http"] if http_admis else ["https"]

    def _url(self, champ: str) -> str:
        adresse: str = self.cleaned_data[champ]
        if not adresse:
            return ""
        try:
            URLValidator(schemes=self._schemas)(adresse)
        except ValidationError:
            raise ValidationError("Écrivez une adresse entière, en https.") from None
        if "@" in adresse:
            raise ValidationError("L’adresse ne porte ni identifiant ni mot de passe.")
        return adresse

    def clean_url_base(self) -> str:
        return self._url("url_base").rstrip("/")

    def clean_url_place_de_marche(self) -> str:
        return self._url("url_place_de_marche")

    def clean_flux(self) -> list[str]:
        choisis = self.cleaned_data["flux"]
        return [flux for flux in Flux.values if flux in choisis]

    def clean_hotes_reservation(self) -> list[str]:
        hotes = [hote.lower() for hote in self.cleaned_data["hotes_reservation"]]
        if faux := next((hote for hote in hotes if not _HOTE.fullmatch(hote)), None):
            raise ValidationError(f"«\u00a0{faux[:60]}\u00a0» n’est pas un nom d’hôte.")
        return hotes

    def clean_certificat(self) -> str:
        nom: str = self.cleaned_data["certificat"]
        if nom and not _CERTIFICAT.fullmatch(nom):
            raise ValidationError("Un nom de fichier\u00a0: lettres, chiffres, tiret, point, sans chemin.")
        return nom

    def clean_origine(self) -> str:
        origine: str = self.cleaned_data["origine"]
        if not _ORIGINE.fullmatch(origine):
            raise ValidationError("Lettres, chiffres, tiret et point seulement.")
        return origine

    def clean(self) -> dict[str, Any]:
        lus = super().clean() or {}
        grise, perime = lus.get("grise_s"), lus.get("peremption_s")
        if grise and perime and grise >= perime:
            self.add_error("grise_s", "Un créneau est montré comme ancien avant de n’être plus montré.")
        if lus.get("ou") and not lus.get("cn"):
            self.add_error("cn", "Une OU ne va pas sans CN.")
        if lus.get("cn") and not self.errors:
            autres = Editeur.objects.filter(cn=lus["cn"], ou=lus["ou"]).exclude(pk=self.editeur.pk)
            if autres.exists():
                self.add_error("cn", "Un autre éditeur présente déjà ce certificat.")
        if Flux.RENDEZ_VOUS in lus.get("flux", ()) and not lus.get("cn"):
            self.add_error("cn", "Le retour des rendez-vous demande le CN de son certificat.")
        return lus


class LecteurForm(DsfrBaseForm):
    """Un Bundle, collé ou dans un fichier ; le reste a un défaut."""

    cas = forms.ChoiceField(
        label="Flux",
        choices=[
            ("ps", "Professionnels (INT_R01)"),
            ("cpts", "CPTS (INT_R04)"),
            ("sos", "SOS Médecins (INT_SOS1)"),
        ],
    )
    fichier = forms.FileField(
        label="Fichier JSON",
        help_text="10 Mo au plus.",
        required=False,
        error_messages={"empty": "Le fichier est vide."},
        widget=forms.FileInput(
            attrs={"accept": ".json,application/json,application/fhir+json", "class": "fr-upload"}
        ),
    )
    texte = forms.CharField(
        label="Ou le Bundle, collé ici",
        help_text="2 Mo au plus\u00a0; au-delà, envoyez un fichier.",
        required=False,
        strip=False,
        max_length=COLLE_MAX,
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off", "maxlength": COLLE_MAX}
        ),
    )
    maintenant = forms.CharField(
        label="Instant de la requête",
        help_text="Par exemple 2026-11-22T09:00:00+01:00. Vide\u00a0: maintenant.",
        required=False,
        max_length=40,
    )
    demandes = forms.CharField(
        label="Identifiants demandés",
        help_text="8 suivi du RPPS, 0 suivi de l’ADELI, ou 3 suivi du SIRET pour SOS Médecins, séparés par des virgules. "
        "Vide\u00a0: tous ceux du Bundle.",
        required=False,
        max_length=4_000,
    )

    octets: bytes = b""

    def clean_maintenant(self) -> datetime | None:
        texte = self.cleaned_data["maintenant"].strip()
        if not texte:
            return None
        try:
            instant = datetime.fromisoformat(texte)
            if instant.tzinfo is not None:
                fenetre_interrogee(instant)
                return instant
        except (ValueError, OverflowError):
            pass  # même message que pour un instant sans décalage
        raise ValidationError("Écrivez un instant avec son décalage, par exemple 2026-11-22T09:00:00+01:00.")

    def clean_demandes(self) -> frozenset[str] | None:
        lus = frozenset(filter(None, _SEPARATEURS.split(self.cleaned_data["demandes"])))
        if len(lus) > DEMANDES_MAX:
            raise ValidationError(f"{DEMANDES_MAX} identifiants au plus.")
        if faux := next(
            (lu for lu in sorted(lus) if not (PERSONNE.fullmatch(lu) or SIRET.fullmatch(lu))), None
        ):
            raise ValidationError(f"«\u00a0{faux[:20]}\u00a0» n’est pas un identifiant précédé de son type.")
        return lus or None

    def clean(self) -> dict[str, Any]:
        lus = super().clean() or {}
        fichier, texte = lus.get("fichier"), lus.get("texte") or ""
        if self.errors:
            return lus
        if bool(fichier) == bool(texte.strip()):
            self.add_error("fichier", "Choisissez un fichier, ou collez le Bundle.")
        elif fichier and fichier.size > TAILLE_MAX:
            self.add_error("fichier", "Ce fichier dépasse 10 Mo.")
        else:
            self.octets = fichier.read() if fichier else texte.encode("utf-8", "replace")
        return lus

    def le_cas(self) -> Cas:
        cas: Cas = self.cleaned_data["cas"]
        return cas


class ProfessionnelForm(forms.Form):
    """Un RPPS, ou l’identifiant national entier ; vide : les lieux nés de cet éditeur."""

    q = forms.CharField(required=False, max_length=20)

    def identifiant(self) -> str:
        """Identifiant national préfixé ; vide s’il n’y en a pas de lisible."""
        lu = "".join(self.cleaned_data["q"].split()).upper() if self.is_valid() else ""
        if re.fullmatch(r"[0-9]{11}", lu):
            lu = f"8{lu}"
        return lu if PERSONNE.fullmatch(lu) else ""
