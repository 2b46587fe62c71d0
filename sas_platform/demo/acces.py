"""Territoires, périmètres, délégations et structures des personas ; fictifs, rejouables.

Les territoires portent leurs vrais noms et contours ; leurs dates d’ouverture
et leurs boîtes sont inventées.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sas_platform.demo.personas import PAR_CLE
from sas_platform.socle.textes import normaliser

if TYPE_CHECKING:
    from annuaire.models import Commune, Effecteur, LieuExercice, Structure, Territoire
    from comptes.models import Compte

# Noms de territoires qui ne sont pas ceux d’un seul département.
REUNIS = {
    "SAS Paris et petite couronne": ("75", "92", "93", "94"),
    "SAS-58 / 21 Nièvre et Côte d’Or": ("58", "21"),
}
OUVERT = date(2023, 6, 1)
# Aucun SAS n’y fonctionne : rien n’y est dû.
SANS_SAS = ("com",)
NORD = "SAS-59 Nord"
ORIGINE_LRM = "fr.lrm.demo"
ZONE_DEGRES = 0.12
MEMBRES = 12  # assez pour que plusieurs n’aient aucun créneau : la recherche les range sous leur CPTS
GENERALISTE = "SM54"


def preparer_acces(comptes: Mapping[str, Compte], maintenant: datetime) -> None:
    """Donne à chaque persona ce sur quoi porte son rôle. Ne défait rien de ce qui a été joué."""
    from annuaire.models import Effecteur, Territoire

    creer_territoires()
    creer_effecteur_nouveau()
    titulaires = {
        cle: Effecteur.objects.filter(identifiant_national=comptes[cle].identifiant_national).first()
        for cle in ("effecteur", "effecteur-interface")
    }
    nord = Territoire.objects.get(nom=NORD)
    des_effecteurs = {
        territoire
        for effecteur in titulaires.values()
        if effecteur
        for lieu in effecteur.lieux.select_related("commune")
        for territoire in Territoire.objects.couvrant(lieu.commune)
    }
    for cle in ("osnp", "regulateur", "ioa", "referent"):
        _porter_sur(comptes[cle], territoire=nord)
    for territoire in {nord, *des_effecteurs}:
        # Les deux agents de la caisse suivent les effecteurs de la démonstration, où qu’ils exercent.
        for cle in ("gestionnaire-comptes", "cpam", "cpam-validation"):
            _porter_sur(comptes[cle], territoire=territoire)
    _preparer_liaisons(nord)
    _preparer_structures(comptes["gestionnaire-structure"], titulaires["effecteur"], maintenant)
    _preparer_delegations(comptes, titulaires, maintenant)


def creer_territoires() -> None:
    """Un territoire par département, sauf ceux qui en réunissent plusieurs."""
    from annuaire.models import Departement, Territoire

    reunis = {code for codes in REUNIS.values() for code in codes}
    voulus = dict(REUNIS)
    ouverts = set(REUNIS)
    for departement in Departement.objects.order_by("code"):
        if departement.pk not in reunis:
            nom = f"SAS-{departement.pk} {departement.nom}"
            voulus[nom] = (departement.pk,)
            if departement.zone not in SANS_SAS:
                ouverts.add(nom)
    for nom, codes in voulus.items():
        boite = normaliser(nom).replace(" ", "-")
        territoire, est_nouveau = Territoire.objects.get_or_create(
            nom=nom,
            defaults={
                "ouvert_date": OUVERT if nom in ouverts else None,
                "courriel_gestionnaires": f"gestionnaires-{boite}@exemple.invalid",
                "courriel_referents": f"referents-{boite}@exemple.invalid",
            },
        )
        if est_nouveau:
            territoire.departements.set(Departement.objects.filter(pk__in=codes))


def creer_effecteur_nouveau() -> None:
    """La persona sans compte que l’annuaire connaît, avec un lieu d’exercice à Lille."""
    from annuaire.enums import PrecisionGeo, SourceLieu
    from annuaire.models import Commune, Effecteur, LieuExercice

    persona = PAR_CLE["effecteur-nouveau"]
    lille = Commune.objects.select_related("departement").get(pk="59350")
    effecteur, _ = Effecteur.objects.get_or_create(
        identifiant_national=persona.identifiant_national,
        defaults={
            "civilite": "DR",
            "nom": persona.nom.upper(),
            "prenom": persona.prenom,
            "nom_recherche": normaliser(f"{persona.prenom} {persona.nom}"),
            "profession_id": persona.profession,
            "savoir_faire": [persona.savoir_faire],
        },
    )
    LieuExercice.objects.get_or_create(
        effecteur=effecteur,
        cle="fictif-persona",
        defaults={
            "source": SourceLieu.FICTIVE,
            "adresse": "5 rue Fictive",
            "code_postal": "59000",
            "commune": lille,
            "lat": 50.6366,
            "lon": 3.0635,
            "precision_geo": PrecisionGeo.COMMUNE,
            "fuseau": lille.departement.fuseau,
        },
    )


def _porter_sur(
    compte: Compte, *, territoire: Territoire | None = None, structure: Structure | None = None
) -> None:
    from annuaire.models import Perimetre

    for habilitation in compte.habilitations.filter(fin_le=None):
        Perimetre.objects.get_or_create(
            habilitation=habilitation, territoire=territoire, structure=structure, fin_le=None
        )


def _preparer_liaisons(nord: Territoire) -> None:
    """Un logiciel de régulation et un outil territorial, tous deux ouverts."""
    from orientation.models import LogicielRegulation, OutilTerritorial

    LogicielRegulation.objects.get_or_create(
        code=ORIGINE_LRM,
        defaults={"nom": "LRM de démonstration", "territoire": nord, "contact": "le service informatique"},
    )
    OutilTerritorial.objects.get_or_create(
        code="outil-demo", defaults={"nom": "Outil de démonstration", "territoire": nord}
    )


def _preparer_structures(gestionnaire: Compte, effecteur: Effecteur | None, maintenant: datetime) -> None:
    """Une CPTS du Nord avec sa zone et ses membres, une maison de santé, une association SOS Médecins, un centre."""
    from agenda.models import Raccordement
    from annuaire.enums import TypeStructure
    from annuaire.models import LieuExercice, Rattachement, Structure

    du_nord = Structure.objects.filter(est_active=True, commune__departement="59").order_by("pk")
    for type_ in (TypeStructure.CPTS, TypeStructure.MSP, TypeStructure.SOS, TypeStructure.CDS):
        structure = du_nord.filter(type=type_).first()
        if structure is not None:
            _porter_sur(gestionnaire, structure=structure)
    cpts = du_nord.filter(type=TypeStructure.CPTS).first()
    if cpts is None or cpts.communes_intervention.exists():
        return
    zone = _communes_autour(cpts)
    cpts.communes_intervention.set(zone)
    membres: list[LieuExercice] = list(
        LieuExercice.objects.filter(
            commune__in=zone, effecteur__savoir_faire__contains=[GENERALISTE], est_actif=True
        )
        .exclude(effecteur=effecteur)
        # Leur participation passe par leur logiciel : la changer cacherait ce qu’il montre.
        .exclude(effecteur__in=Raccordement.objects.filter(effecteur__isnull=False).values("effecteur"))
        .order_by("pk")[:MEMBRES]
    )
    for lieu in membres:
        Rattachement.objects.create(
            structure=cpts, lieu=lieu, debut_le=maintenant, accepte_le=maintenant, cree_par=gestionnaire
        )
    _participer_par(cpts, membres)
    propose = effecteur.lieux.filter(est_actif=True).order_by("pk").first() if effecteur else None
    if propose is not None:
        Rattachement.objects.create(structure=cpts, lieu=propose, debut_le=maintenant, cree_par=gestionnaire)


def _participer_par(cpts: Structure, membres: list[LieuExercice]) -> None:
    """C’est par leur participation, non par leur rattachement, que la recherche range les membres sous leur CPTS."""
    from participation.enums import Modalite
    from participation.models import Participation

    for lieu in membres:
        participation, _ = Participation.objects.update_or_create(
            effecteur=lieu.effecteur,
            defaults={
                "participe": True,
                "modalite": Modalite.CPTS,
                "structure": cpts,
                "utilise_logiciel": False,
                "logiciels": [],
                "refuse_affichage": False,
                "declare_deux_heures": True,
            },
        )
        participation.lieux.set([lieu])


def _communes_autour(structure: Structure) -> list[Commune]:
    from annuaire.models import Commune

    centre = structure.commune
    assert centre is not None
    assert centre.lat is not None
    assert centre.lon is not None
    voisines = Commune.objects.filter(
        lat__range=(centre.lat - ZONE_DEGRES, centre.lat + ZONE_DEGRES),
        lon__range=(centre.lon - ZONE_DEGRES, centre.lon + ZONE_DEGRES),
        commune_parente=None,
    )
    return list(voisines.order_by("pk"))


def _preparer_delegations(
    comptes: Mapping[str, Compte], titulaires: Mapping[str, Effecteur | None], maintenant: datetime
) -> None:
    """Une délégation consentie, une qui attend son consentement, une demande à traiter."""
    from annuaire.models import Commune, Delegation, DemandeDelegation

    hier = maintenant - timedelta(days=1)
    consenties = {"effecteur": comptes["effecteur"], "effecteur-interface": None}
    for cle, consenti_par in consenties.items():
        effecteur = titulaires[cle]
        delegataire = comptes["delegataire"]
        deja = Delegation.objects.filter(delegataire=delegataire, effecteur=effecteur)
        if effecteur is None or deja.exists():
            continue
        Delegation.objects.create(
            delegataire=delegataire,
            effecteur=effecteur,
            accordee_par=comptes["gestionnaire-comptes"],
            debut_le=hier,
            consentie_le=hier if consenti_par else None,
            consentie_par=consenti_par,
        )
    _deleguer_le_centre(comptes, hier)
    demandeur = comptes["effecteur"]
    if titulaires["effecteur"] and not DemandeDelegation.objects.filter(demandeur=demandeur).exists():
        lieu = titulaires["effecteur"].lieux.order_by("pk").first()
        DemandeDelegation.objects.create(
            demandeur=demandeur,
            effecteur=titulaires["effecteur"],
            prenom="Odette",
            nom="Nouvel",
            email="odette.nouvel@exemple.invalid",
            commune=lieu.commune if lieu else Commune.objects.get(pk="59350"),
            creee_le=hier,
        )


def _deleguer_le_centre(comptes: Mapping[str, Compte], depuis: datetime) -> None:
    """La déléguée tient aussi l’agenda du centre de santé : plusieurs professionnels, une structure."""
    from annuaire.enums import TypeStructure
    from annuaire.models import Delegation, Structure

    gestionnaire = comptes["gestionnaire-structure"]
    gerees = Structure.objects.filter(perimetres__habilitation__compte=gestionnaire)
    centre = gerees.filter(type=TypeStructure.CDS).first()
    deja = Delegation.objects.filter(delegataire=comptes["delegataire"], structure=centre)
    if centre is not None and not deja.exists():
        Delegation.objects.create(
            delegataire=comptes["delegataire"],
            structure=centre,
            accordee_par=comptes["gestionnaire-comptes"],
            debut_le=depuis,
            consentie_le=depuis,
            consentie_par=gestionnaire,
        )
