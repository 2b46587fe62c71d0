"""Verse les données fictives dans la base, par `COPY` et par lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Model

from agenda.enums import Cas, EtatLot
from agenda.generation.agendas import (
    AgendaRecuFictif,
    DisponibiliteFictive,
    GenerateurAgendas,
    IndisponibiliteFictive,
    ParticipationFictive,
)
from agenda.generation.annuaire import EffecteurFictif, Generateur, LieuFictif, StructureFictive
from agenda.generation.echelles import Echelle
from agenda.generation.territoires import lire_territoires
from agenda.models import AgendaEditeur, Disponibilite, Editeur, Indisponibilite, Lot, Raccordement
from annuaire.enums import PrecisionGeo, SourceLieu, TypeStructure
from annuaire.models import Effecteur, LieuExercice, Structure
from participation.models import Participation, ParticipationStructure
from sas_platform.socle.iterables import par_lots
from sas_platform.socle.textes import normaliser

TAILLE_LOT = 20_000
EFFECTEURS_PAR_LOT_D_EDITEUR = 25
EDITEURS = 8
UN_FORFAIT_SUR = 3  # effecteurs : de quoi remplir la liste de l’infirmier d’accueil partout
SANS_INTERROGATION = timedelta(
    days=30
)  # rien ne répond derrière ces éditeurs : leurs créneaux ne périment pas


class DonneesFictivesEnPlaceError(Exception):
    """D’autres données fictives occupent la base ; le message est montrable."""


@dataclass(slots=True)
class _Bases:
    """Ce qu’il faut ajouter aux numéros du générateur pour ne heurter aucune ligne en place."""

    effecteur: int
    structure: int
    lieu: int
    raccordement: int
    lot: int
    editeurs: list[int] = field(default_factory=list)


def charger(
    *,
    graine: int,
    echelle: Echelle,
    jour: date,
    maintenant: datetime,
    ecrire: bool,
    signaler: Callable[[str], None],
) -> Counter[str]:
    """Génère et, si `ecrire`, verse tout en une transaction. Rend le nombre de lignes par table.

    Rejouable : les mêmes données déjà en place ne sont pas reversées (compteur vide). Lève
    `DonneesFictivesEnPlaceError` si d’autres le sont, `CommunesAbsentesError` sans communes.
    """
    territoires = lire_territoires([code for code, _ in echelle.departements])
    generateur = Generateur(graine=graine, echelle=echelle, territoires=territoires)
    structures = generateur.structures()
    agendas = GenerateurAgendas(
        graine=graine, echelle=echelle, jour=jour, structures=[structure for structure, _ in structures]
    )
    if ecrire and _deja_en_place(structures[0][0], echelle):
        return Counter()
    versement = _Versement(agendas, ecrire=ecrire, maintenant=maintenant, nombre_editeurs=_editeurs(echelle))
    with transaction.atomic():
        versement.ouvrir()
        versement.verser_structures(structures)
        flux = generateur.effecteurs([structure for structure, _ in structures])
        for lot in par_lots(flux, TAILLE_LOT):
            versement.verser_effecteurs(lot)
            signaler(f"{versement.bilan['effecteurs']:>9} effecteurs, {versement.bilan['lieux']:>9} lieux")
        versement.fermer()
    return versement.bilan


class _Versement:
    def __init__(
        self, agendas: GenerateurAgendas, *, ecrire: bool, maintenant: datetime, nombre_editeurs: int
    ) -> None:
        self._agendas = agendas
        self._ecrire = ecrire
        self._maintenant = maintenant
        self._nombre_editeurs = nombre_editeurs
        self._bases = _Bases(0, 0, 0, 0, 0)
        self._raccordements = 0
        self._lots = 0
        self.bilan: Counter[str] = Counter()

    def ouvrir(self) -> None:
        if not self._ecrire:
            return
        self._bases = _Bases(
            effecteur=_dernier(Effecteur),
            structure=_dernier(Structure),
            lieu=_dernier(LieuExercice),
            raccordement=_dernier(Raccordement),
            lot=_dernier(Lot),
            editeurs=[self._creer_editeur(rang).pk for rang in range(1, self._nombre_editeurs + 1)],
        )

    def fermer(self) -> None:
        if not self._ecrire:
            return
        with connection.cursor() as curseur:
            numerotes: tuple[type[Model], ...] = (Effecteur, Structure, LieuExercice, Raccordement, Lot)
            for modele in numerotes:
                table = modele._meta.db_table
                curseur.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) > 0"  # noqa: S608
                )
            # Via une CPTS, le premier lieu y est rattaché.
            curseur.execute(
                "INSERT INTO participation_participation_lieux (participation_id, lieuexercice_id)"
                " SELECT p.id, min(l.id) FROM participation_participation p"
                " JOIN annuaire_lieuexercice l ON l.effecteur_id = p.effecteur_id"
                " WHERE p.modalite = 'cpts' GROUP BY p.id ON CONFLICT DO NOTHING"
            )
            for modele in (
                Effecteur,
                LieuExercice,
                Participation,
                Disponibilite,
                AgendaEditeur,
                Raccordement,
            ):
                curseur.execute(f"ANALYZE {modele._meta.db_table}")

    def verser_structures(self, structures: Sequence[tuple[StructureFictive, LieuFictif]]) -> None:
        horodatage = (self._maintenant, self._maintenant)
        copier = self._copier
        copier("structures", Structure, COLONNES_STRUCTURE, [self._structure(s) for s, _ in structures])
        copier("lieux", LieuExercice, COLONNES_LIEU, [self._lieu(lieu) for _, lieu in structures])
        participantes = [
            (s.id + self._bases.structure, True, True, 4, *horodatage)
            for rang, (s, _) in enumerate(structures)
            if s.type in (TypeStructure.CDS, TypeStructure.SOS) and rang % 4
        ]
        copier("participations", ParticipationStructure, COLONNES_PARTICIPATION_STRUCTURE, participantes)
        self._copier_disponibilites(
            d for s, lieu in structures for d in self._agendas.disponibilites_de_structure(s, lieu)
        )

    def verser_effecteurs(self, effecteurs: Sequence[EffecteurFictif]) -> None:
        reglages: list[tuple[ParticipationFictive, bool]] = []
        disponibilites: list[DisponibiliteFictive] = []
        fermetures: list[IndisponibiliteFictive] = []
        recus: list[AgendaRecuFictif] = []
        for effecteur in effecteurs:
            reglage = self._agendas.participation(effecteur)
            interface = self._agendas.est_interface(effecteur)
            if reglage:
                reglages.append((reglage, interface))
            if interface:
                recus.append(self._agendas.agenda_recu(effecteur))
            else:
                participe = reglage is not None and reglage.participe
                disponibilites += self._agendas.disponibilites(effecteur, participe=participe)
            fermetures += filter(None, map(self._agendas.indisponibilite, effecteur.lieux))
        lieux = (lieu for effecteur in effecteurs for lieu in effecteur.lieux)
        horodatage = (self._maintenant, self._maintenant)
        copier = self._copier
        copier("effecteurs", Effecteur, COLONNES_EFFECTEUR, map(self._effecteur, effecteurs))
        copier("lieux", LieuExercice, COLONNES_LIEU, map(self._lieu, lieux))
        copier(
            "participations",
            Participation,
            COLONNES_PARTICIPATION,
            (self._participation(r, interface) for r, interface in reglages),
        )
        self._copier_disponibilites(disponibilites)
        copier(
            "indisponibilites",
            Indisponibilite,
            ("lieu_id", "periode", "cree_le", "modifie_le"),
            (
                (f.lieu_id + self._bases.lieu, DateTimeTZRange(f.debut, f.fin), *horodatage)
                for f in fermetures
            ),
        )
        self._copier_agendas_recus(recus)

    def _copier_disponibilites(self, disponibilites: Iterable[DisponibiliteFictive]) -> None:
        lignes = (
            (
                d.lieu_id + self._bases.lieu,
                d.genre,
                d.capacite,
                d.modalites,
                d.premier_jour,
                d.dernier_jour,
                list(d.jours),
                d.toutes_les_n_semaines,
                d.heure_debut,
                d.heure_fin,
                list(d.sauf),
                self._maintenant,
                self._maintenant,
            )
            for d in disponibilites
        )
        self._copier("disponibilites", Disponibilite, COLONNES_DISPONIBILITE, lignes)

    def _copier_agendas_recus(self, recus: Sequence[AgendaRecuFictif]) -> None:
        lots, raccordements, agendas = [], [], []
        bases = self._bases
        for groupe in par_lots(recus, EFFECTEURS_PAR_LOT_D_EDITEUR):
            self._lots += 1
            lot = bases.lot + self._lots
            editeur = bases.editeurs[self._lots % len(bases.editeurs)] if bases.editeurs else 0
            prochaine = self._maintenant + SANS_INTERROGATION
            lots.append(
                (
                    lot,
                    editeur,
                    Cas.PS.value,
                    lot,
                    prochaine,
                    self._maintenant,
                    self._maintenant,
                    EtatLot.REUSSI.value,
                    150,
                )
            )
            for recu in groupe:
                self._raccordements += 1
                raccordement = bases.raccordement + self._raccordements
                raccordements.append((raccordement, recu.effecteur_id + bases.effecteur, lot, editeur))
                agendas.append((raccordement, recu.lieu_id + bases.lieu, recu.creneaux, "", recu.empreinte))
                self.bilan["creneaux_editeurs"] += recu.nombre
        self._copier("lots", Lot, COLONNES_LOT, lots)
        colonnes = ("id", "effecteur_id", "lot_id", "editeur_id")
        self._copier("raccordements", Raccordement, colonnes, raccordements)
        colonnes_agenda = ("raccordement_id", "lieu_id", "creneaux", "telephone", "empreinte")
        self._copier("agendas_editeurs", AgendaEditeur, colonnes_agenda, agendas)

    def _copier(
        self, nom: str, modele: type[Any], colonnes: Sequence[str], lignes: Iterable[Sequence[Any]]
    ) -> None:
        if not self._ecrire:
            self.bilan[nom] += sum(1 for _ in lignes)
            return
        sql = f"COPY {modele._meta.db_table} ({', '.join(colonnes)}) FROM STDIN"
        with connection.cursor() as curseur, curseur.cursor.copy(sql) as copie:
            for ligne in lignes:
                copie.write_row(ligne)
                self.bilan[nom] += 1

    def _creer_editeur(self, rang: int) -> Editeur:
        return Editeur.objects.create(
            code=f"fictif-{rang}",
            nom=f"Éditeur fictif {rang}",
            url_base=f"https://editeur-{rang}.invalid/fhir",
            hotes_reservation=["rdv.editeur.invalid"],
            periode_s=int(SANS_INTERROGATION.total_seconds()),
            peremption_s=int(SANS_INTERROGATION.total_seconds()),
        )

    def _structure(self, s: StructureFictive) -> Sequence[Any]:
        return (
            s.id + self._bases.structure,
            s.type.value,
            s.nom,
            normaliser(s.nom),
            s.finess,
            s.siret,
            s.categorie,
            s.adresse,
            s.place.code_postal,
            s.place.code_insee,
            s.lat,
            s.lon,
            s.telephone,
            True,
        )

    def _participation(self, r: ParticipationFictive, interface: bool) -> Sequence[Any]:
        """Qui participe dit son logiciel s’il en a un ; sinon, ou s’il en refuse l’affichage, il déclare ses deux heures."""
        montre = r.participe and interface and not r.refuse_affichage
        structure = r.structure_id and r.structure_id + self._bases.structure
        return (
            r.effecteur_id + self._bases.effecteur,
            r.participe,
            r.modalite,
            structure,
            interface if r.participe and r.modalite != "sos" else None,
            ["fictif-1"] if montre else [],
            r.participe and not montre,
            r.refuse_affichage,
            r.participe and not r.effecteur_id % UN_FORFAIT_SUR,
            self._maintenant,
            self._maintenant,
        )

    def _effecteur(self, e: EffecteurFictif) -> Sequence[Any]:
        return (
            e.id + self._bases.effecteur,
            e.identifiant,
            e.civilite,
            e.nom,
            e.prenom,
            normaliser(f"{e.prenom} {e.nom}"),
            e.profession,
            list(e.savoir_faire),
            e.conventionnement.value,
            True,
        )

    def _lieu(self, lieu: LieuFictif) -> Sequence[Any]:
        structure = lieu.structure
        return (
            lieu.id + self._bases.lieu,
            lieu.effecteur_id + self._bases.effecteur if lieu.effecteur_id else None,
            structure.id + self._bases.structure if structure else None,
            SourceLieu.FICTIVE.value,
            lieu.cle,
            lieu.nom,
            lieu.adresse,
            lieu.place.code_postal,
            lieu.place.code_insee,
            lieu.lat,
            lieu.lon,
            PrecisionGeo.NUMERO.value,
            lieu.place.fuseau,
            lieu.telephone,
            (structure.finess or "") if structure else "",
            structure.siret if structure else "",
            lieu.mode,
            lieu.secteur,
            lieu.informations,
            True,
        )


COLONNES_STRUCTURE = (
    "id", "type", "nom", "nom_recherche", "finess", "siret", "categorie", "adresse", "code_postal",
    "commune_id", "lat", "lon", "telephone", "est_active",
)  # fmt: skip
COLONNES_EFFECTEUR = (
    "id", "identifiant_national", "civilite", "nom", "prenom", "nom_recherche", "profession_id",
    "savoir_faire", "conventionnement", "est_actif",
)  # fmt: skip
COLONNES_LIEU = (
    "id", "effecteur_id", "structure_id", "source", "cle", "nom", "adresse", "code_postal", "commune_id",
    "lat", "lon", "precision_geo", "fuseau", "telephone", "finess", "siret", "mode_exercice",
    "secteur_activite", "informations_complementaires", "est_actif",
)  # fmt: skip
COLONNES_PARTICIPATION = (
    "effecteur_id", "participe", "modalite", "structure_id", "utilise_logiciel", "logiciels",
    "declare_deux_heures", "refuse_affichage", "forfait_reorientation", "cree_le", "modifie_le",
)  # fmt: skip
COLONNES_PARTICIPATION_STRUCTURE = (
    "structure_id", "participe", "declare_deux_heures", "nombre_effecteurs", "cree_le", "modifie_le",
)  # fmt: skip
COLONNES_DISPONIBILITE = (
    "lieu_id", "genre", "capacite", "modalites", "premier_jour", "dernier_jour", "jours",
    "toutes_les_n_semaines", "heure_debut", "heure_fin", "sauf", "cree_le", "modifie_le",
)  # fmt: skip
COLONNES_LOT = (
    "id", "editeur_id", "cas", "numero", "prochaine_le", "interroge_le", "lu_le", "etat", "duree_ms",
)  # fmt: skip


def _deja_en_place(premiere: StructureFictive, echelle: Echelle) -> bool:
    """Vrai si ces mêmes données sont déjà versées."""
    lieux = LieuExercice.objects.filter(source=SourceLieu.FICTIVE, cle__startswith="fictif-")
    nombre = lieux.count() + Structure.objects.filter(siret__startswith="99900").count()
    if not nombre:
        return False
    meme_debut = Structure.objects.filter(siret=premiere.siret, nom=premiere.nom).exists()
    if not meme_debut or nombre < echelle.lieux:
        raise DonneesFictivesEnPlaceError(
            "D’autres données fictives sont en place (graine ou échelle différente) : repartez d’une base vide."
        )
    return True


def _editeurs(echelle: Echelle) -> int:
    return EDITEURS if echelle.interfaces else 0


def _dernier(modele: type[Any]) -> int:
    dernier = modele._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return int(dernier or 0)
