"""Lire les mesures : un mois, une suite de mois, plusieurs territoires ; toujours en une requête."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from agenda.enums import Flux
from agenda.models import Editeur
from annuaire.champs import champ, territoires_du
from annuaire.models import Commune, Territoire
from comptes.enums import Action
from comptes.models import Compte
from orientation.models import LogicielRegulation
from remuneration.domaine.indicateurs import INDICATEURS, Mesures
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle, MoisMesure

# La France, là où un territoire se désigne par son numéro.
FRANCE = None
# Trop longues pour une page : ne se lisent que demandées par leur code.
LONGUES = ("sans_resultat_commune", "editeur_latence")


@dataclass(frozen=True, slots=True)
class MoisLu:
    mois: Mois
    est_clos: bool
    est_fini: bool

    @property
    def libelle(self) -> str:
        return self.mois.libelle if self.est_clos else f"{self.mois.libelle} (provisoire)"


@dataclass(frozen=True, slots=True)
class CommuneCherchee:
    """`code` INSEE ; vide, et sans `position`, pour un département entier."""

    code: str
    nom: str
    nombre: int
    position: tuple[float, float] | None


def mois_mesures() -> list[MoisLu]:
    """Du plus récent au plus ancien."""
    lus = MoisMesure.objects.order_by("-mois").values_list("mois", "clos_le", "calcule_le")
    return [
        MoisLu(
            Mois.de(premier),
            clos_le is not None,
            timezone.localdate(calcule_le) >= Mois.de(premier).suivant.premier,
        )
        for premier, clos_le, calcule_le in lus
    ]


def finis_d_abord(mois: Sequence[MoisLu]) -> list[MoisLu]:
    """Le dernier mois fini en tête : c’est lui que l’on montre quand rien n’est demandé."""
    return sorted(mois, key=lambda lu: not lu.est_fini)


def mesures(
    *,
    mois: Collection[Mois],
    territoires: Iterable[int | None],
    codes: Collection[str] | None = None,
) -> dict[tuple[Mois, int | None], dict[str, dict[str, float]]]:
    """Mesures par mois et territoire ; sans `codes`, toutes sauf les plus longues."""
    lues: dict[tuple[Mois, int | None], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    lignes = _lignes([m.premier for m in mois], list(territoires), codes)
    for premier, territoire, code, dimension, valeur in lignes.values_list(
        "mois", "territoire", "code", "dimension", "valeur"
    ):
        lues[Mois.de(premier), territoire][code][dimension] = valeur
    return dict(lues)


def _lignes(
    premiers: Sequence[date], territoires: Sequence[int | None], codes: Collection[str] | None
) -> QuerySet[MesureMensuelle]:
    ou = Q(territoire__in=[t for t in territoires if t is not None])
    if FRANCE in territoires:
        ou |= Q(territoire=None)
    lignes = MesureMensuelle.objects.filter(ou, mois__in=premiers)
    return lignes.exclude(code__in=LONGUES) if codes is None else lignes.filter(code__in=codes)


def indicateurs(lues: Mesures) -> dict[str, float | None]:
    """La valeur de chaque indicateur, d’après les mesures d’un mois et d’un territoire."""
    return {code: indicateur.valeur(lues) for code, indicateur in INDICATEURS.items()}


def communes_sans_resultat(mois: Mois, territoire: int | None) -> list[CommuneCherchee]:
    """De la plus cherchée à la moins cherchée."""
    lignes = _lignes([mois.premier], [territoire], ["sans_resultat_commune"])
    nombres = {str(code): int(n) for code, n in lignes.values_list("dimension", "valeur")}
    communes = Commune.objects.filter(pk__in=nombres)
    noms, positions = dict(communes.values_list("pk", "nom")), _positions(communes)
    return [
        CommuneCherchee(code, noms.get(code, "Département entier"), nombre, positions.get(code))
        for code, nombre in sorted(nombres.items(), key=lambda ligne: (-ligne[1], ligne[0]))
    ]


def fond_de_carte(territoire: int | None) -> list[tuple[float, float]]:
    """Les communes d’un territoire ; pour la France, celles de la métropole : une carte n’a pas deux échelles."""
    communes = Commune.objects.filter(commune_parente=None)
    if territoire is FRANCE:
        communes = communes.exclude(departement__code__regex=r"^9\d\d$")
    else:
        celui_ci = Territoire.objects.filter(pk=territoire)
        communes = communes.filter(
            Q(departement__in=celui_ci.values("departements")) | Q(pk__in=celui_ci.values("communes"))
        )
    return list(_positions(communes).values())


def _positions(communes: QuerySet[Commune]) -> dict[str, tuple[float, float]]:
    lues = communes.order_by("pk").values_list("pk", "lat", "lon")
    return {code: (lat, lon) for code, lat, lon in lues if lat is not None and lon is not None}


def interfacages() -> dict[str, int]:
    """Ce qui échange avec la plateforme aujourd’hui, par cas d’usage."""
    editeurs = Editeur.objects.filter(est_actif=True)
    logiciels = LogicielRegulation.objects.filter(est_actif=True)
    return {
        "Éditeurs, professionnels à titre individuel": editeurs.filter(flux__contains=[Flux.PS]).count(),
        "Éditeurs, CPTS": editeurs.filter(flux__contains=[Flux.CPTS]).count(),
        "Éditeurs, places de marché": editeurs.exclude(url_place_de_marche="").count(),
        "Éditeurs, SOS Médecins": editeurs.filter(flux__contains=[Flux.SOS]).count(),
        "Logiciels de régulation médicale": logiciels.values("nom").distinct().count(),
        "SAS que ces logiciels équipent": logiciels.values("territoire")
        .exclude(territoire=None)
        .distinct()
        .count(),
    }


def suivis_par(compte: Compte, *, instant: datetime) -> dict[int | None, str]:
    """Ce que ce compte peut regarder, par numéro : la France s’il la suit, puis ses territoires par nom."""
    portee = champ(compte, Action.PILOTER, instant=instant)
    france = [(FRANCE, "France")] if portee.france else []
    return dict([*france, *noms_des_territoires(territoires_du(portee)).items()])


def noms_des_territoires(territoires: QuerySet[Territoire]) -> dict[int, str]:
    return dict(territoires.order_by("nom", "pk").values_list("pk", "nom"))
