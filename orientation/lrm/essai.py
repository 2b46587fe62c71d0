"""Page d’essai des éditeurs de LRM : ce que la plateforme comprend d’un appel, paramètre par paramètre.

Rien n’est cherché, gardé ni compté. Elle est ouverte à tous, comptée par
adresse, parce que qui développe un LRM n’a pas de compte ; aucun nom de
professionnel n’y paraît.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from dsfr.forms import DsfrBaseForm

from orientation.domaine.appel_lrm import LONGUEURS, PARAMETRES, AppelLRM, Genre, lire
from orientation.forms import RechercheForm
from orientation.lrm.comprehension import Compris, comprendre

_AIDES = {
    "origin": ("Origine (origin)", "Autorité d’affectation du logiciel"),
    "practitioner": ("Médecin traitant (practitioner)", "Identifiant national, ou nom"),
    "specialty": ("Spécialité (specialty)", "Code, ou texte ; vide : médecine générale"),
    "speciality": ("Spécialité (speciality)", "Autre orthographe, admise aussi"),
    "streetnumber": ("Numéro (streetnumber)", "Par exemple 12 bis"),
    "streetname": ("Voie (streetname)", "Par exemple rue Nationale"),
    "inseecode": ("Code INSEE (inseecode)", "Cinq signes"),
    "city": ("Commune (city)", "Par exemple Lille"),
}


class EssaiForm(DsfrBaseForm):
    """Les paramètres un à un, ou l’adresse entière que le logiciel ouvrirait."""

    url = forms.CharField(
        label="Adresse entière, telle que votre logiciel l’ouvre",
        help_text="Remplace les champs ci-dessous. N’y mettez l’adresse d’aucun patient.",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for nom, (libelle, aide) in _AIDES.items():
            champ = forms.CharField(label=libelle, help_text=aide, required=False)
            champ.widget.attrs |= {"class": "fr-input", "maxlength": str(2 * LONGUEURS[nom])}
            self.fields[nom] = champ

    def parametres(self) -> dict[str, list[str]]:
        url = self.cleaned_data["url"]
        if url:
            requete = urlsplit(url).query if "?" in url else url
            return parse_qs(requete, max_num_fields=50)
        return {nom: [self.cleaned_data[nom]] for nom in PARAMETRES if self.cleaned_data[nom]}


@dataclass(frozen=True, slots=True)
class Constat:
    """Une ligne du compte rendu ; `erreur` vide : le paramètre est bien écrit."""

    parametre: str
    recu: str
    compris: str
    erreur: str


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def essai(request: HttpRequest) -> HttpResponse:
    """POST : une adresse d’essai ne doit pas plus se voir dans une URL qu’une vraie."""
    contexte: dict[str, Any] = {"form": EssaiForm()}
    if request.method == "POST":
        if not ratelimit.consume(request, action="lrm_essai"):
            return ratelimit.respond_429(request)
        form = contexte["form"] = EssaiForm(request.POST)
        if form.is_valid():
            try:
                contexte |= _compte_rendu(form.parametres())
            except ValueError:  # trop de paramètres, ou une adresse que rien ne sait lire
                form.add_error("url", "Cette adresse ne se lit pas.")
    return render(request, "lrm/essai.html", contexte)


def _compte_rendu(parametres: dict[str, list[str]]) -> dict[str, Any]:
    appel = lire(parametres)
    compris = comprendre(appel)
    recherche = f"{settings.URL_PUBLIQUE}{reverse('orientation:recherche')}"
    form = RechercheForm(compris.donnees)
    return {
        "url_construite": f"{recherche}?{urlencode(parametres, doseq=True)}",
        "url_post": f"{settings.URL_PUBLIQUE}{reverse('lrm:depot')}",
        "constats": list(_constats(parametres, appel, compris)),
        "avis": compris.avis,
        "inconnus": appel.inconnus,
        "mene_aux_resultats": form.is_valid() and compris.origine_admise and not compris.erreurs,
        "origine_admise": compris.origine_admise,
    }


def _constats(parametres: dict[str, list[str]], appel: AppelLRM, compris: Compris) -> list[Constat]:
    lus = {nom.lower(): " ; ".join(valeurs) for nom, valeurs in parametres.items()}
    sens = {
        "origin": _origine(compris),
        "practitioner": _praticien(compris),
        "specialty": _specialite(compris),
        "speciality": "",
        "streetnumber": appel.numero,
        "streetname": appel.voie,
        "inseecode": appel.insee,
        "city": f"Recherche autour de : {compris.lieu.libelle}" if compris.lieu else "Aucun lieu reconnu",
    }
    erreurs = {**compris.a_corriger, **appel.erreurs}
    return [Constat(nom, lus.get(nom, ""), sens[nom], erreurs.get(nom, "")) for nom in PARAMETRES]


def _origine(compris: Compris) -> str:
    if compris.logiciel is None:
        return "Inconnue : demandez son inscription au support"
    return f"{compris.logiciel.nom}, {'active' if compris.origine_admise else 'désactivée'}"


def _praticien(compris: Compris) -> str:
    """Combien répondent, jamais qui."""
    lu = compris.appel.praticien
    if lu.genre is Genre.ABSENT:
        return "Non renseigné"
    if lu.genre is Genre.ILLISIBLE:
        return "Non compris"
    sorte = "Identifiant national" if lu.genre is Genre.CODE else "Nom"
    trouves = len(compris.medecins)
    suite = {0: "personne ne répond", 1: "une personne répond"}.get(trouves, "plusieurs personnes répondent")
    return f"{sorte} : {suite}"


def _specialite(compris: Compris) -> str:
    if compris.quoi is not None:
        return compris.quoi.libelle
    return f"Texte : {compris.appel.specialite.valeur}"
