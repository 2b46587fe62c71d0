"""La liste des comptes, leurs homonymes, ceux qui sont à revoir."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower

from annuaire.champs import champ, territoires_du
from annuaire.domaine.homoglyphes import ETRANGERS, LATINS
from annuaire.gestion.portee import comptes_du, non_finies, territoires_des_comptes, visibles_par
from annuaire.models import Perimetre, Territoire
from comptes.enums import Action, Role
from comptes.models import Compte, Habilitation

MINIMUM_PAR_TERRITOIRE = 2

REVOIR = {
    "jamais_active": "Jamais activés",
    "inactif": "Inactifs depuis longtemps",
    "sans_role": "Sans rôle en cours",
    "doublon": "Même nom qu’un autre",
    "sans_identifiant": "Sans identifiant national",
    "courriel_rejete": "Adresse électronique en échec",
}


def cle_du_nom(nom: Any, prenom: Any) -> Func:
    """Nom et prénom sans accent, ni ponctuation, ni sosie : « Marie LE GОFF » (О cyrillique) vaut « marie le goff »."""
    entier = Concat(nom, Value(" "), prenom, output_field=models.TextField())
    latin = Func(
        entier, Value(ETRANGERS), Value(LATINS), function="translate", output_field=models.TextField()
    )
    sans_accent = Func(latin, function="unaccent", output_field=models.TextField())
    return Func(
        Lower(sans_accent),
        Value("[^a-z0-9]+"),
        Value(" "),
        Value("g"),
        function="regexp_replace",
        output_field=models.TextField(),
    )


def homonymes_de(nom: str, prenom: str, acteur: Compte, *, instant: datetime) -> list[Compte]:
    comptes = visibles_par(acteur, instant=instant).alias(cle=cle_du_nom(F("nom"), F("prenom")))
    return list(comptes.filter(cle=cle_du_nom(Value(nom), Value(prenom))).order_by("pk")[:5])


def avec_raisons(comptes: QuerySet[Compte], *, instant: datetime) -> QuerySet[Compte]:
    """Annote chaque raison de revoir un compte (`REVOIR`) ; seul un compte actif est à revoir.

    Un doublon se juge parmi `comptes` : on ne dit pas à un gestionnaire qui vit ailleurs.
    """
    en_cours = Habilitation.objects.filter(non_finies(instant), compte=OuterRef("pk"))
    cles = comptes.filter(is_active=True).annotate(cle=cle_du_nom(F("nom"), F("prenom")))
    plusieurs = cles.order_by().values("cle").annotate(n=Count("pk")).filter(n__gt=1).values("cle")
    actif = Q(is_active=True)
    # Le seuil du premier rappel d’inactivité (U-41).
    inactif_avant = instant - timedelta(days=settings.INACTIVITE_RELANCE_1_MOIS * 365 // 12)
    return comptes.alias(cle=cle_du_nom(F("nom"), F("prenom")), habilite=Exists(en_cours)).annotate(
        jamais_active=_vrai(actif & Q(last_login=None)),
        inactif=_vrai(actif & Q(last_login__lt=inactif_avant)),
        sans_role=_vrai(actif & Q(habilite=False)),
        doublon=_vrai(actif & Q(cle__in=plusieurs)),
        sans_identifiant=_vrai(actif & Q(identifiant_national=None)),
        courriel_rejete=_vrai(actif & Q(courriel_rejete_le__isnull=False)),
    )


def _vrai(condition: Q) -> models.Case:
    return models.Case(
        models.When(condition, then=Value(True)), default=Value(False), output_field=models.BooleanField()
    )


def pour_liste(comptes: QuerySet[Compte], *, instant: datetime) -> QuerySet[Compte]:
    """Avec les rôles en cours ou à venir (`roles_non_finis`), dans l’ordre des noms."""
    roles = Habilitation.objects.filter(non_finies(instant)).order_by("role", "pk")
    return comptes.order_by("nom", "prenom", "pk").prefetch_related(
        Prefetch("habilitations", queryset=roles, to_attr="roles_non_finis")
    )


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un compte dans la liste : ce qu’on en montre, et si l’on peut y toucher."""

    compte: Any
    territoires: list[str]

    @property
    def roles(self) -> list[str]:
        return [habilitation.get_role_display() for habilitation in self.compte.roles_non_finis]

    @property
    def etat(self) -> str:
        if not self.compte.is_active:
            return "Désactivé"
        return "Actif" if self.compte.last_login else "Jamais activé"


def lignes(comptes: Iterable[Compte], *, instant: datetime) -> list[Ligne]:
    """Deux requêtes quel que soit le nombre de comptes."""
    lus = list(comptes)
    territoires = territoires_des_comptes((compte.pk for compte in lus), instant=instant)
    noms = dict(Territoire.objects.values_list("pk", "nom"))
    return [
        Ligne(compte, sorted(noms[pk] for pk in territoires.get(compte.pk, ()) if pk in noms))
        for compte in lus
    ]


@dataclass(slots=True)
class Bilan:
    """Ce qui est à revoir dans un territoire."""

    territoire: Territoire
    gestionnaires: int = 0
    referents: int = 0
    raisons: Counter[str] = field(default_factory=Counter)

    @property
    def cellules(self) -> list[tuple[str, str, int]]:
        return [(raison, libelle, self.raisons[raison]) for raison, libelle in REVOIR.items()]

    @property
    def manque_un_gestionnaire(self) -> bool:
        return self.gestionnaires < MINIMUM_PAR_TERRITOIRE

    @property
    def manque_un_referent(self) -> bool:
        return self.referents < MINIMUM_PAR_TERRITOIRE


def a_revoir(acteur: Compte, *, instant: datetime) -> tuple[dict[str, int], list[Bilan]]:
    """Total de chaque raison, puis le bilan de chaque territoire que voit `acteur`, par nom."""
    vise = champ(acteur, Action.CONSULTER_COMPTES, instant=instant)
    vus = avec_raisons(comptes_du(vise, instant=instant), instant=instant)
    a_revoir = vus.filter(Q(*((raison, True) for raison in REVOIR), _connector=Q.OR))
    raisons = {ligne[0]: ligne[1:] for ligne in a_revoir.values_list("pk", *REVOIR)}
    par_compte = territoires_des_comptes(raisons, instant=instant)
    bilans = {t.pk: Bilan(t) for t in territoires_du(vise).order_by("nom", "pk")}
    totaux: Counter[str] = Counter()
    for compte, drapeaux in raisons.items():
        siennes = [raison for raison, vrai in zip(REVOIR, drapeaux, strict=True) if vrai]
        totaux.update(siennes)
        for territoire in par_compte.get(compte, ()):
            if territoire in bilans:
                bilans[territoire].raisons.update(siennes)
    for territoire, role, nombre in _titulaires(bilans, instant):
        if role == Role.GESTIONNAIRE_COMPTES:
            bilans[territoire].gestionnaires = nombre
        else:
            bilans[territoire].referents = nombre
    return {raison: totaux[raison] for raison in REVOIR}, list(bilans.values())


def _titulaires(territoires: Iterable[int], instant: datetime) -> QuerySet[Any]:
    en_cours = Habilitation.objects.en_cours(instant).filter(
        role__in=(Role.GESTIONNAIRE_COMPTES, Role.REFERENT), compte__is_active=True
    )
    perimetres = Perimetre.objects.en_cours(instant).filter(
        habilitation__in=en_cours, territoire__in=list(territoires)
    )
    comptes = perimetres.order_by().values_list("territoire", "habilitation__role")
    return comptes.annotate(n=Count("habilitation__compte", distinct=True))


def noms_des_territoires(territoires: Iterable[int]) -> list[str]:
    return list(
        Territoire.objects.filter(pk__in=list(territoires)).order_by("nom").values_list("nom", flat=True)
    )


def perimetres_de(compte: Compte, *, instant: datetime) -> dict[int, list[str]]:
    """Habilitation → ce sur quoi elle porte, en clair."""
    resultat: dict[int, list[str]] = defaultdict(list)
    perimetres = Perimetre.objects.filter(non_finies(instant), habilitation__compte=compte)
    for perimetre in perimetres.select_related("territoire", "structure").order_by("pk"):
        resultat[perimetre.habilitation_id].append(str(perimetre.territoire or perimetre.structure))
    return resultat
