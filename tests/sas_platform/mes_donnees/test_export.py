"""La copie de ses données : entière, à soi seul, sans secret, à la forme publiée."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.conf import settings

from agenda.models import (
    CalendrierExterne,
    GesteAgenda,
    ImportPlanning,
    LienCalendrier,
    PeriodeOccupee,
    ReleveHebdomadaire,
    SemaineType,
)
from annuaire.models import Delegation, Perimetre, Territoire
from assistance.enums import Destination, Profil
from assistance.models import Echange, PieceJointe, Theme, Ticket
from comptes.enums import Role
from comptes.models import AcceptationCGU, Compte, Courriel, SessionOuverte, Trace, VersionCGU
from orientation.models import Orientation
from participation.models import Participation, Sollicitation, VersionParticipation
from sas_platform.mes_donnees import schema
from sas_platform.mes_donnees.export import construire
from tests.agenda.factories import CopieRegulateurFactory, DisponibiliteFactory, IndisponibiliteFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory

pytestmark = pytest.mark.django_db
URL = "/mon-compte/mes-donnees.json"
LE = datetime(2026, 3, 17, 8, tzinfo=UTC)


@pytest.fixture
def moi():
    return CompteFactory(effecteur=True, prenom="Alix", nom="Martin")


@pytest.fixture
def telecharger(client, moi):
    def lire() -> schema.Export:
        client.force_login(moi)
        return msgspec.json.decode(client.get(URL).content, type=schema.Export)

    return lire


def creer_demande(auteur: Compte) -> Ticket:
    theme = Theme.objects.create(
        profil=Profil.EFFECTEUR, libelle="Mon agenda", destination=Destination.SUPPORT_N1
    )
    demande = Ticket.objects.create(
        numero="T-1",
        auteur=auteur,
        profil=Profil.EFFECTEUR,
        theme=theme,
        nom="Martin",
        prenom="Alix",
        telephone="+33353010000",
        email="alix@exemple.invalid",
        message="Bonjour",
        destination=Destination.SUPPORT_N1,
        empreinte_suivi="empreinte-de-suivi",
    )
    Echange.objects.create(ticket=demande, auteur=auteur, texte="Un mot de plus")
    Echange.objects.create(ticket=demande, texte="Réponse")
    Echange.objects.create(ticket=demande, texte="note interne", est_interne=True)
    PieceJointe.objects.create(ticket=demande, fichier="demandes/x", nom="a.pdf", type_mime="x", taille=1)
    return demande


def test_le_compte_ses_roles_et_ses_perimetres(moi, telecharger):
    territoire = Territoire.objects.create(nom="Nord")
    habilitation = HabilitationFactory(compte=moi, role=Role.REFERENT)
    Perimetre.objects.create(habilitation=habilitation, territoire=territoire, debut_le=LE)
    version = VersionCGU.objects.create(numero="2026-1", texte="x")
    AcceptationCGU.objects.create(compte=moi, version=version, le=LE)

    export = telecharger()

    assert (export.version, export.compte.nom, export.compte.email) == (1, "Martin", moi.email)
    assert export.compte.identifiant_national == moi.identifiant_national
    assert {role.role: role.perimetres for role in export.roles} == {
        "Effecteur de soins": [],
        "Référent territorial": [
            schema.Perimetre(territoire="Nord", structure=None, depuis=LE, jusqu_au=None)
        ],
    }
    assert export.conditions_acceptees == [schema.Acceptation(version="2026-1", le=LE)]


def test_la_fiche_les_lieux_et_l_agenda(moi, telecharger):
    effecteur = EffecteurFactory(identifiant_national=moi.identifiant_national)
    lieu = LieuExerciceFactory(effecteur=effecteur)
    disponibilite = DisponibiliteFactory(lieu=lieu, jours=[1, 3])
    IndisponibiliteFactory(lieu=lieu, sans_fin=True)
    Participation.objects.create(effecteur=effecteur, refuse_affichage=True, logiciels=["medilog"])
    VersionParticipation.objects.create(effecteur=effecteur, le=LE, apres={"participe": False})
    Sollicitation.objects.create(lieu=lieu, telephone_prive="+33353019999", max_par_jour=2)
    SemaineType.objects.create(lieu=lieu, nom="hiver", horaires=[{"jour": 1}])
    OrientationFactory(reservation__disponibilite=disponibilite)
    DisponibiliteFactory()  # d’un autre

    fiche = telecharger().effecteur

    assert fiche is not None
    assert fiche.participation is not None
    assert (fiche.participation.refuse_affichage, fiche.participation.logiciels) == (True, ["medilog"])
    assert fiche.declarations == [schema.Declaration(le=LE, avant=None, apres={"participe": False})]
    (exporte,) = fiche.lieux
    assert (exporte.numero, exporte.adresse, exporte.commune) == (lieu.pk, "12 rue Nationale", "Lille")
    assert [(regle.de, regle.a, regle.jours) for regle in exporte.disponibilites] == [
        ("09:00", "09:20", [1, 3])
    ]
    assert [fermeture.fin for fermeture in exporte.indisponibilites] == [None]
    assert exporte.sollicitation is not None
    assert exporte.sollicitation.telephone_prive == "+33353019999"
    assert [semaine.nom for semaine in exporte.semaines_types] == ["hiver"]
    assert [recue.lieu for recue in fiche.orientations_recues] == [lieu.pk]


def test_les_heures_relevees_et_ce_qui_cache_ses_lieux(moi, telecharger):
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=moi.identifiant_national))
    ReleveHebdomadaire.objects.create(
        effecteur=lieu.effecteur, semaine=date(2026, 3, 9), minutes=90, seuil_min=120, releve_le=LE
    )
    calendrier = CalendrierExterne.objects.create(
        lieu=lieu, url="https://calendrier.exemple.fr/secret-de-l-adresse.ics", cree_le=LE
    )
    PeriodeOccupee.objects.create(calendrier=calendrier, lieu=lieu, debut=LE, fin=LE + timedelta(hours=1))

    fiche = telecharger().effecteur

    assert fiche is not None
    (releve,) = fiche.releves_hebdomadaires
    assert (releve.semaine, releve.minutes, releve.seuil_min) == (date(2026, 3, 9), 90, 120)
    (exporte,) = fiche.lieux
    assert [externe.site for externe in exporte.calendriers_externes] == ["calendrier.exemple.fr"]
    assert [(occupee.debut, occupee.fin) for occupee in exporte.periodes_occupees] == [
        (LE, LE + timedelta(hours=1))
    ]


def test_ce_que_la_personne_fait_des_agendas_et_des_structures_qu_elle_tient(moi, telecharger):
    lieu, structure = LieuExerciceFactory(), StructureFactory(nom="Centre de la Gare")
    VersionParticipation.objects.create(structure=structure, auteur=moi, le=LE, apres={"participe": True})
    GesteAgenda.objects.create(lieu=lieu, auteur=moi, le=LE, libelle="Ouverture")
    GesteAgenda.objects.create(lieu=lieu, auteur=CompteFactory(), le=LE, libelle="D’un autre")
    ImportPlanning.objects.create(auteur=moi, cree_le=LE, nom="mars.csv", nombre=12, fait_le=LE)
    LienCalendrier.objects.create(compte=moi, empreinte="empreinte-du-lien", cree_le=LE)

    export = telecharger()

    assert [(d.structure, d.apres) for d in export.declarations_de_structures] == [
        ("Centre de la Gare", {"participe": True})
    ]
    assert [(geste.lieu, geste.libelle) for geste in export.gestes_sur_les_agendas] == [
        (lieu.pk, "Ouverture")
    ]
    assert [(planning.nom, planning.nombre) for planning in export.plannings_importes] == [("mars.csv", 12)]
    assert [(lien.lieu, lien.revoque_le) for lien in export.liens_de_calendrier] == [(None, None)]


def test_ce_que_les_editeurs_ont_recu_de_la_personne(moi, telecharger):
    recue = CopieRegulateurFactory(
        compte=moi, identifiant="urn:oid:x|1", peut_etre_active=True, acquittee_le=LE, editeur__nom="Medilog"
    )
    CopieRegulateurFactory(compte=moi)  # rien n’est encore parti
    CopieRegulateurFactory(editeur=recue.editeur, acquittee_le=LE)  # d’un autre

    assert telecharger().comptes_chez_les_editeurs == [
        schema.CompteChezEditeur(editeur="Medilog", identifiant="urn:oid:x|1", actif=True, recu_le=LE)
    ]


def test_les_delegations_dans_les_deux_sens(moi, telecharger):
    effecteur = EffecteurFactory(identifiant_national=moi.identifiant_national)
    delegue = CompteFactory(prenom="Dominique", nom="Délégué")
    Delegation.objects.create(delegataire=delegue, effecteur=effecteur)
    Delegation.objects.create(
        delegataire=moi, effecteur=EffecteurFactory(prenom="Camille", nom="AUTRE"), revoquee_le=LE
    )

    export = telecharger()

    assert [d.delegataire for d in export.delegations_donnees] == ["Dominique Délégué"]
    assert [(d.titulaire, d.revoquee_le) for d in export.delegations_recues] == [("Camille AUTRE", LE)]


def test_les_demandes_d_assistance_sans_les_notes_internes(moi, telecharger):
    creer_demande(moi)

    (demande,) = telecharger().demandes_d_assistance

    assert (demande.numero, demande.theme, demande.fichiers) == ("T-1", "Mon agenda", ["a.pdf"])
    assert [(m.texte, m.de_vous) for m in demande.messages] == [("Un mot de plus", True), ("Réponse", False)]


def test_les_actes_de_la_personne_et_ceux_des_autres_sur_ses_donnees(moi, telecharger):
    Orientation.objects.filter(pk=OrientationFactory().pk).update(acteur=moi)
    RedirectionFactory(acteur=moi)
    camille = CompteFactory(prenom="Camille", nom="Gestion", role=Role.GESTIONNAIRE_COMPTES)
    Trace.objects.create(le=LE, acteur=camille, verbe="compte.lu", objet=f"compte:{moi.pk}")
    Trace.objects.create(le=LE, acteur=moi, verbe="orientation.enregistree", objet="orientation:x")
    Trace.objects.create(le=LE, acteur=camille, verbe="compte.lu", objet=f"compte:{camille.pk}")

    export = telecharger()

    assert len(export.orientations_decidees) == len(export.redirections) == 1
    assert export.actes_sur_mes_donnees == [
        schema.Acte(
            le=LE,
            qui="Camille Gestion",
            roles="Gestionnaire de comptes",
            acte="Consultation du compte",
            objet="votre compte",
        )
    ]
    assert [acte.acte for acte in export.mes_autres_actes] == ["Enregistrement d’une orientation"]


def test_aucun_secret_n_en_sort(client, moi):
    moi.set_password("MotDePasse-secret-1")
    moi.save()
    creer_demande(moi)
    jeton = JetonFactory(compte=moi)
    SessionOuverte.objects.create(compte=moi, cle_session="cle-de-session", sub="sujet-psc", sid="sid-psc")
    Courriel.objects.create(
        compte=moi,
        destinataire=moi.email,
        sujet="Bienvenue",
        corps_texte="https://sas.exemple.fr/lien-secret",
    )
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=moi.identifiant_national))
    LienCalendrier.objects.create(compte=moi, empreinte="empreinte-du-calendrier", cree_le=LE)
    CalendrierExterne.objects.create(lieu=lieu, url="https://exemple.fr/adresse-secrete.ics", cree_le=LE)
    client.force_login(moi)

    contenu = client.get(URL).content.decode()

    assert "Bienvenue" in contenu
    for secret in (
        moi.password,
        jeton.empreinte,
        "cle-de-session",
        "sujet-psc",
        "sid-psc",
        "empreinte-de-suivi",
        "lien-secret",
        "note interne",
        "empreinte-du-calendrier",
        "adresse-secrete",
    ):
        assert secret not in contenu


def test_le_schema_publie_est_celui_que_suit_l_export():
    """Changé ? `schema_json()` le récrit ; un champ ôté ou changé de sens demande une version de plus."""
    publie = Path(settings.RACINE) / "docs" / "mes-donnees.schema.json"

    assert publie.read_bytes() == schema.schema_json()


def test_le_telechargement_se_trace_et_attend_une_minute(client, moi, horloge):
    client.force_login(moi)

    premier, second = client.get(URL), client.get(URL, follow=True)

    assert premier.headers["Content-Disposition"] == 'attachment; filename="mes-donnees-sas-2026-03-17.json"'
    assert "no-store" in premier.headers["Cache-Control"]
    assert second.redirect_chain == [("/mon-compte/historique/", 302)]
    assert "attendez une minute" in second.content.decode()
    assert Trace.objects.filter(verbe="donnees.exportees", objet=f"compte:{moi.pk}").count() == 1


def test_l_attente_de_l_un_ne_gene_pas_l_autre(client, moi):
    for compte in (moi, CompteFactory(osnp=True)):
        client.force_login(compte)
        assert client.get(URL).headers["Content-Type"].startswith("application/json")


def test_l_anonyme_va_se_connecter(client):
    assert client.get(URL).headers["Location"].startswith("/connexion/")


def test_l_export_ne_fait_pas_une_requete_par_ligne(moi, compter_requetes):
    def ajouter():
        lieu = LieuExerciceFactory(effecteur=effecteur)
        disponibilite = DisponibiliteFactory(lieu=lieu)
        OrientationFactory(reservation__disponibilite=disponibilite)
        RedirectionFactory(acteur=moi)
        Delegation.objects.create(delegataire=moi, effecteur=EffecteurFactory())
        Trace.objects.create(acteur=CompteFactory(), verbe="compte.lu", objet=f"lieu:{lieu.pk}")
        Trace.objects.create(acteur=moi, verbe="compte.lu", objet="compte:1")
        GesteAgenda.objects.create(lieu=lieu, auteur=moi, le=LE, libelle="Ouverture")
        CalendrierExterne.objects.create(lieu=lieu, cree_le=LE)
        LienCalendrier.objects.create(compte=moi, lieu=lieu, empreinte=f"e{lieu.pk}", cree_le=LE)

    effecteur = EffecteurFactory(identifiant_national=moi.identifiant_national)
    creer_demande(moi)
    ajouter()
    avec_une = compter_requetes(lambda: construire(moi, maintenant=LE))

    for _ in range(4):
        ajouter()

    assert compter_requetes(lambda: construire(moi, maintenant=LE)) == avec_une


def test_un_numero_saisi_sans_le_role_d_effecteur_ne_donne_pas_la_fiche_d_un_autre(client):
    lieu = LieuExerciceFactory()
    compte = CompteFactory(osnp=True, identifiant_national=lieu.effecteur.identifiant_national)
    Trace.objects.create(verbe="lieu.modifie", objet=f"lieu:{lieu.pk}")
    client.force_login(compte)

    export = client.get(URL).json()

    assert export["effecteur"] is None
    assert [acte["objet"] for acte in export["actes_sur_mes_donnees"] if "lieu" in acte["objet"]] == []
