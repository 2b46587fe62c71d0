"""D’un appel lu à une recherche prête : ce que la base en reconnaît, et ce qu’il reste à dire.

Règles L-02 à L-07. Ne garde rien, n’écrit rien.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from annuaire.domaine.lieu_tape import analyser, normaliser_lieu
from annuaire.enums import PrecisionGeo
from annuaire.lectures import LieuIntrouvableError, LieuTrouve, geocoder, par_commune
from annuaire.models import Commune, Specialite
from orientation.domaine.appel_lrm import AppelLRM, Genre, Valeur, ville_a_arrondissements
from orientation.enums import IssueLRM
from orientation.medecin_traitant import MedecinTrouve, signer_medecin, trouver
from orientation.models import LogicielRegulation
from orientation.suggestions import Quoi, comprendre_lieu, comprendre_quoi, signer_lieu, signer_quoi

# Ce que l’on cherche quand le logiciel ne le dit pas (L-04) : le besoin de ce nom, qui mène aussi aux structures ;
# à défaut, si un administrateur l’a retiré, la seule médecine générale.
BESOIN_PAR_DEFAUT, SPECIALITE_PAR_DEFAUT = "Consultation de médecine générale", "SM54"
SAS_PF_001 = "Le médecin traitant renseigné dans le logiciel de régulation médicale n’a pas pu être identifié"
SAS_PF_002 = "Le médecin traitant n’a pas été renseigné dans le logiciel de régulation médicale."
SANS_VILLE = "Le logiciel de régulation n’a pas transmis la commune. Complétez l’adresse."
SANS_VOIE = (
    "Le logiciel de régulation a transmis un numéro sans nom de voie. Complétez l’adresse, "
    "ou cherchez autour de la commune."
)


@dataclass(slots=True)
class Compris:
    """Ce qu’on a compris d’un appel. `donnees` : celles de `RechercheForm`.

    `erreurs` : par champ de ce formulaire, ce que la personne doit compléter ;
    `avis` : ce qui n’empêche pas de chercher. `a_corriger` : par paramètre bien
    écrit, ce que la plateforme n’en reconnaît pas. `medecins` : ceux qui répondent.
    """

    appel: AppelLRM
    logiciel: LogicielRegulation | None
    quoi: Quoi | None = None
    lieu: LieuTrouve | None = None
    medecins: Sequence[MedecinTrouve] = ()
    donnees: dict[str, str] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)
    avis: list[str] = field(default_factory=list)
    a_corriger: dict[str, str] = field(default_factory=dict)

    def signaler(self, parametre: str, avis: str) -> None:
        """Un avis dont la cause est à corriger dans le logiciel."""
        self.avis.append(avis)
        self.a_corriger[parametre] = avis

    @property
    def medecin(self) -> MedecinTrouve | None:
        return self.medecins[0] if len(self.medecins) == 1 else None

    @property
    def origine_admise(self) -> bool:
        return self.logiciel is not None and self.logiciel.est_actif

    @property
    def issue_des_resultats(self) -> IssueLRM:
        if self.medecin:
            return IssueLRM.RESULTATS_MT
        absent = self.appel.praticien.genre is Genre.ABSENT
        return IssueLRM.RESULTATS_SANS_MT if absent else IssueLRM.RESULTATS_MT_INCONNU


def logiciel_de(origine: str) -> LogicielRegulation | None:
    return LogicielRegulation.objects.filter(code__iexact=origine).first() if origine else None


def comprendre(appel: AppelLRM) -> Compris:
    compris = Compris(appel, logiciel_de(appel.origine))
    if not appel.origine:
        compris.avis.append(
            "Le logiciel de régulation n’a pas dit qui il est\u00a0: le paramètre «\u00a0origin\u00a0» manque, ou est mal écrit."
        )
    elif compris.logiciel is None:
        compris.signaler(
            "origin", "Le paramètre «\u00a0origin\u00a0» ne désigne aucun logiciel connu de la plateforme."
        )
    _comprendre_la_specialite(compris)
    _comprendre_l_adresse(compris)
    _comprendre_le_praticien(compris)
    return compris


# --- Spécialité (L-04) ----------------------------------------------------------


def _comprendre_la_specialite(compris: Compris) -> None:
    """Un texte passe tel quel : le formulaire le comprend, ou demande de choisir."""
    lue = compris.appel.specialite
    if lue.genre is Genre.TEXTE:
        compris.donnees["quoi"] = lue.valeur
        return
    specialite = _specialite_du_code(lue)
    if lue.genre is not Genre.ABSENT and specialite is None:
        compris.signaler(
            "specialty",
            "La spécialité transmise n’est pas connue : la recherche porte sur la médecine générale.",
        )
    compris.quoi = _quoi(specialite) if specialite else _quoi_par_defaut()
    if compris.quoi is not None:
        compris.donnees |= {"quoi": compris.quoi.libelle, "quoi_choisi": signer_quoi(compris.quoi)}


def _quoi(specialite: Specialite) -> Quoi:
    return Quoi(libelle=specialite.libelle, specialite_ids=(specialite.pk,))


def _quoi_par_defaut() -> Quoi | None:
    compris = comprendre_quoi(BESOIN_PAR_DEFAUT)
    if len(compris) == 1:
        return compris[0]
    seule = Specialite.objects.filter(code=SPECIALITE_PAR_DEFAUT).first()
    return _quoi(seule) if seule else None


def _specialite_du_code(lue: Valeur) -> Specialite | None:
    """Code d’ici, savoir-faire (TRE_R38), ou profession (TRE_G15) qui n’a pas de spécialités."""
    if lue.genre is not Genre.CODE:
        return None
    par_code = Q(code__iexact=lue.valeur) | Q(savoir_faire__contains=[lue.valeur])
    par_profession = Q(profession=lue.valeur, savoir_faire=[])
    return Specialite.objects.filter(par_code | par_profession).order_by("pk").first()


# --- Adresse (L-03) -------------------------------------------------------------


def _comprendre_l_adresse(compris: Compris) -> None:
    appel = compris.appel
    commune = Commune.objects.select_related("departement").filter(pk=appel.insee).first()
    if appel.insee and commune is None and not ville_a_arrondissements(appel.insee):
        compris.signaler("inseecode", f"Le code INSEE {appel.insee} n’est celui d’aucune commune connue.")
    if commune is not None and appel.ville and not _se_valent(appel.ville, commune):
        compris.signaler(
            "city",
            f"La commune transmise n’est pas celle du code INSEE : la recherche part de {commune.nom}.",
        )
    texte = appel.adresse(
        commune=commune.nom if commune else "", departement=commune.departement.nom if commune else ""
    )
    compris.donnees["ou"] = texte
    if not appel.adresse_complete:
        sans_ville = not (appel.insee or appel.ville)
        compris.erreurs["ou"] = SANS_VILLE if sans_ville else SANS_VOIE
    compris.lieu = _situer(texte, commune, a_une_voie=bool(appel.voie))
    if compris.lieu is not None and appel.adresse_complete:
        compris.donnees |= {"ou": compris.lieu.libelle, "ou_choisi": signer_lieu(compris.lieu)}


def _se_valent(ville: str, commune: Commune) -> bool:
    """« LILLE CEDEX » et « Lille », « Paris » ou « PARIS 15 » et « Paris 15e Arrondissement » se valent."""
    if analyser(ville).arrondissement == commune.pk:
        return True
    tapee, connue = normaliser_lieu(ville), normaliser_lieu(commune.nom)
    return f" {connue} " in f" {tapee} " or f" {tapee} " in f" {connue} "


def _situer(texte: str, commune: Commune | None, *, a_une_voie: bool) -> LieuTrouve | None:
    """Avec un code INSEE, l’adresse dans cette commune, sinon son centre ; sans, le seul lieu qui réponde au texte."""
    if commune is None:
        return comprendre_lieu(texte).seul
    precis = (PrecisionGeo.NUMERO, PrecisionGeo.RUE)
    dedans = {commune.pk, *Commune.objects.filter(commune_parente=commune).values_list("pk", flat=True)}
    for lieu in geocoder(texte) if a_une_voie else ():
        if lieu.precision in precis and lieu.code_insee in dedans:
            return lieu
    try:
        return par_commune(commune.pk)
    except LieuIntrouvableError:
        return None


# --- Médecin traitant (L-05, L-06) -----------------------------------------------


def _comprendre_le_praticien(compris: Compris) -> None:
    lu = compris.appel.praticien
    if lu.genre is Genre.ABSENT:
        compris.avis.insert(0, SAS_PF_002)
        return
    if lu.genre is Genre.ILLISIBLE:
        compris.avis.insert(0, f"{SAS_PF_001} : l’identifiant transmis est mal écrit.")
        return
    compris.medecins = trouver(lu.valeur, compris.lieu)
    if medecin := compris.medecin:
        compris.donnees |= {"medecin": medecin.libelle, "medecin_choisi": signer_medecin(medecin)}
        return
    if compris.medecins:
        cause = "plusieurs médecins portent ce nom. Précisez-le en modifiant la recherche."
    elif lu.genre is Genre.CODE:
        cause = "aucun professionnel de l’annuaire n’a ce numéro."
    else:
        cause = "aucun médecin de l’annuaire ne porte ce nom."
    compris.avis.insert(0, f"{SAS_PF_001} : {cause}")


def nom_a_corriger(compris: Compris) -> dict[str, Any]:
    """Le nom transmis que l’on n’a pas su attribuer : « modifier la recherche » le propose à corriger."""
    lu = compris.appel.praticien
    return {"medecin": lu.valeur} if lu.genre is Genre.TEXTE and compris.medecin is None else {}
