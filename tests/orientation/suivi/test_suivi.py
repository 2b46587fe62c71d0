"""Appels, correction, issues, avis : des faits datés, jamais récrits, et rien du patient."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction

from agenda.models import Reservation, Tenue
from agenda.tenues import tenir
from annuaire.models import Perimetre, Structure
from comptes.enums import Role
from comptes.models import Courriel, Trace
from orientation.actions import (
    OrientationInterdite,
    OrientationRefusee,
    Surnumeraire,
    annuler,
    corriger,
    orienter,
    retirer_pour_le_territoire,
)
from orientation.enums import (
    Issue,
    IssueAppel,
    MotifAnnulation,
    RythmeAvis,
    SourceIssue,
    StatutRendezVous,
    TypeOrientation,
)
from orientation.models import Appel, IssueOrientation, MotifRefus, Orientation, PreferenceAvis
from orientation.suivi import jetons
from orientation.suivi.appels import noter_appel
from orientation.suivi.avis import choisir, resumer
from orientation.suivi.issues import IssueRefusee, noter, noter_d_apres_l_editeur
from orientation.suivi.lectures import appels_du_jour, refus_du_jour, signaux
from participation.enums import Modalite
from participation.models import Participation
from tests.agenda.factories import IndisponibiliteFactory
from tests.annuaire.factories import StructureFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants, projeter
from tests.orientation.factories import OrientationFactory, RendezVousFactory

APRES = timedelta(hours=3)


@pytest.fixture
def nord(lieu):
    return TerritoireFactory(nom="SAS Nord", departements=[lieu.commune.departement])


@pytest.fixture
def regulateur(nord):
    compte = CompteFactory()
    habiliter(compte, Role.OSNP, territoire=nord)
    return compte


@pytest.fixture
def medecin(lieu):
    return CompteFactory(
        role=Role.EFFECTEUR,
        identifiant_national=lieu.effecteur.identifiant_national,
        email="medecin@exemple.invalid",
    )


@pytest.fixture
def prise(regulateur, creneau, maintenant) -> Orientation:
    return orienter(acteur=regulateur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)


# --- Destinataire et territoires (W-20, W-24) ---------------------------------


def test_le_territoire_du_destinataire_n_est_pas_celui_du_regulateur(creneau, nord, maintenant):
    loin = TerritoireFactory(nom="SAS Réunion")
    compte = CompteFactory()
    habiliter(compte, Role.OSNP, territoire=loin)

    orientation = orienter(acteur=compte, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert (orientation.territoire, orientation.territoire_destinataire) == (loin, nord)
    assert (orientation.effecteur, orientation.structure) == (creneau.lieu.effecteur, None)


def test_le_territoire_garde_est_celui_de_l_acte(prise, nord):
    Perimetre.objects.filter(territoire=nord).delete()

    prise.refresh_from_db()

    assert prise.territoire == nord


def test_qui_a_deux_territoires_agit_pour_celui_qui_couvre_le_lieu(creneau, nord, maintenant):
    ailleurs, compte = TerritoireFactory(nom="SAS Ailleurs"), CompteFactory()
    habiliter(compte, Role.OSNP, territoire=ailleurs)
    habiliter(compte, Role.REGULATEUR, territoire=nord)

    orientation = orienter(acteur=compte, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert orientation.territoire == nord


def test_en_sus_par_une_cpts_c_est_la_cpts_qui_recoit(regulateur, lieu, maintenant):
    cpts = StructureFactory(commune=lieu.commune)
    participation = Participation.objects.get(effecteur=lieu.effecteur)
    participation.modalite, participation.structure = Modalite.CPTS, cpts
    participation.save()
    participation.lieux.add(lieu)
    projeter(lieu)

    orientation = orienter(
        acteur=regulateur,
        cle="a",
        surnumeraire=Surnumeraire(f"l{lieu.pk}", maintenant + APRES),
        maintenant=maintenant,
    )

    assert (orientation.structure, orientation.effecteur) == (cpts, lieu.effecteur)
    assert orientation.type == TypeOrientation.OSNP_SURNUMERAIRE


# --- Appels ---------------------------------------------------------------------


def test_les_appels_vains_du_jour_se_lisent_et_le_refus_descend(regulateur, lieu, maintenant):
    absent = MotifRefus.objects.create(libelle="Absent, congé")
    for issue, motif in [
        (IssueAppel.SANS_REPONSE, None),
        (IssueAppel.SANS_REPONSE, None),
        (IssueAppel.REFUS, absent),
        (IssueAppel.ACCEPTE, absent),
    ]:
        noter_appel(acteur=regulateur, lieu=lieu, issue=issue, motif=motif, maintenant=maintenant)

    du_jour = appels_du_jour([lieu.pk], maintenant=maintenant)[lieu.pk]

    assert du_jour.phrase() == "2 appels sans réponse, 1 refus (absent, congé) aujourd’hui"
    assert signaux([lieu.pk], compte_id=0, maintenant=maintenant) == {lieu.pk: (du_jour.phrase(),)}
    assert refus_du_jour([lieu.pk], maintenant=maintenant) == {lieu.pk}
    assert Appel.objects.get(issue=IssueAppel.ACCEPTE).motif is None


def test_le_refus_de_la_veille_est_oublie(regulateur, lieu, maintenant):
    motif = MotifRefus.objects.create(libelle="Absent, congé")
    la_veille = maintenant - timedelta(hours=9)
    noter_appel(acteur=regulateur, lieu=lieu, issue=IssueAppel.REFUS, motif=motif, maintenant=la_veille)

    assert refus_du_jour([lieu.pk], maintenant=maintenant) == frozenset()
    assert signaux([lieu.pk], compte_id=0, maintenant=maintenant) == {}


def test_un_appel_sans_reponse_rend_la_place_tenue(regulateur, creneau, maintenant):
    tenir(compte=regulateur, creneau_id=identifiant(creneau), territoire=None, maintenant=maintenant)

    noter_appel(acteur=regulateur, lieu=creneau.lieu, issue=IssueAppel.SANS_REPONSE, maintenant=maintenant)

    assert not Tenue.objects.exists()
    assert identifiants(creneau.lieu_id)


def test_une_absence_en_cours_se_lit_sur_la_carte(lieu, maintenant):
    IndisponibiliteFactory(
        lieu=lieu, periode=(maintenant - timedelta(days=1), maintenant + timedelta(days=9))
    )

    dits = signaux([lieu.pk], compte_id=0, maintenant=maintenant)

    assert dits == {lieu.pk: ("Absent jusqu’au mercredi 11 novembre 2026 à 8\u00a0h",)}
    assert signaux([lieu.pk], compte_id=0, maintenant=maintenant + timedelta(days=9)) == {}


# --- Corriger, retirer --------------------------------------------------------------


def test_corriger_rend_la_place_et_en_prend_une_autre(regulateur, prise, plage, maintenant):
    nouvelle = corriger(
        acteur=regulateur,
        orientation=prise,
        motif=MotifAnnulation.HEURE_PROPOSEE,
        cle="b",
        creneau_id=identifiant(plage),
        maintenant=maintenant,
    )

    prise.refresh_from_db()
    assert nouvelle.remplace == prise
    assert prise.annulation.motif == MotifAnnulation.HEURE_PROPOSEE
    assert list(Reservation.objects.filter(annulee_le=None)) == [nouvelle.reservation]


def test_une_correction_impossible_ne_change_rien(regulateur, prise, maintenant):
    with pytest.raises(Exception, match="n’existe pas"):
        corriger(
            acteur=regulateur,
            orientation=prise,
            motif=MotifAnnulation.ERREUR,
            cle="b",
            creneau_id="d0-1",
            maintenant=maintenant,
        )

    prise.refresh_from_db()
    assert prise.annulee_le is None
    assert Reservation.objects.filter(annulee_le=None).count() == 1


def test_la_meme_correction_envoyee_deux_fois_n_en_fait_qu_une(regulateur, prise, plage, maintenant):
    demande = {
        "orientation": prise,
        "motif": MotifAnnulation.ERREUR,
        "cle": "b",
        "creneau_id": identifiant(plage),
        "maintenant": maintenant,
    }

    premiere = corriger(acteur=regulateur, **demande)
    seconde = corriger(acteur=regulateur, **demande)

    assert premiere == seconde
    assert Orientation.objects.count() == 2


def test_passe_le_delai_seul_un_gestionnaire_retire(regulateur, prise, nord, maintenant):
    referent = CompteFactory()
    habiliter(referent, Role.REFERENT, territoire=nord)
    demain = maintenant + timedelta(days=1)

    with pytest.raises(OrientationRefusee, match="ne s’annule plus"):
        annuler(acteur=regulateur, orientation=prise, maintenant=demain)
    with pytest.raises(OrientationInterdite):
        retirer_pour_le_territoire(
            acteur=regulateur, orientation=prise, motif=MotifAnnulation.ERREUR, maintenant=demain
        )
    retirer_pour_le_territoire(
        acteur=referent, orientation=prise, motif=MotifAnnulation.PATIENT, maintenant=demain
    )

    prise.refresh_from_db()
    assert (prise.annulation.acteur, prise.annulation.apres_delai) == (referent, True)
    assert prise.acteur == regulateur
    assert Trace.objects.filter(verbe="orientation.annulee", acteur=referent).count() == 1


def test_un_mois_plus_tard_plus_personne_ne_retire(prise, maintenant):
    with pytest.raises(OrientationRefusee, match="Le mois est passé"):
        retirer_pour_le_territoire(
            acteur=CompteFactory(administrateur=True),
            orientation=prise,
            motif=MotifAnnulation.ERREUR,
            maintenant=maintenant + timedelta(days=32),
        )


# --- Issues -----------------------------------------------------------------------


def test_la_derniere_issue_l_emporte_et_l_histoire_reste(prise, medecin, maintenant):
    dire = {"orientation": prise, "source": SourceIssue.TABLEAU, "acteur": medecin}

    noter(issue=Issue.PAS_VENU, maintenant=maintenant + APRES, **dire)
    noter(issue=Issue.VENU, maintenant=maintenant + 2 * APRES, **dire)
    noter(issue=Issue.VENU, maintenant=maintenant + 3 * APRES, **dire)

    retenue = Orientation.objects.annotate(i=IssueOrientation.objects.derniere_de()).get(pk=prise.pk).i
    assert retenue == Issue.VENU
    assert IssueOrientation.objects.count() == 2


def test_avant_le_rendez_vous_on_ne_dit_qu_une_annulation(prise, medecin, maintenant):
    dire = {"orientation": prise, "source": SourceIssue.TABLEAU, "acteur": medecin, "maintenant": maintenant}

    with pytest.raises(IssueRefusee, match="pas encore eu lieu"):
        noter(issue=Issue.VENU, **dire)

    assert noter(issue=Issue.ANNULE, **dire).issue == Issue.ANNULE


@pytest.mark.django_db(transaction=True)
def test_une_issue_ne_se_recrit_ni_ne_s_efface():
    orientation = OrientationFactory()
    dite = IssueOrientation.objects.create(
        orientation=orientation,
        issue=Issue.VENU,
        source=SourceIssue.TABLEAU,
        acteur=CompteFactory(),
        le=orientation.debut,
    )

    with pytest.raises(ProgrammingError), transaction.atomic():
        IssueOrientation.objects.filter(pk=dite.pk).update(issue=Issue.PAS_VENU)
    with pytest.raises(ProgrammingError), transaction.atomic():
        dite.delete()
    assert IssueOrientation.objects.filter(pk=dite.pk).update(acteur=None, pseudonyme="p") == 1


@pytest.mark.parametrize(
    ("statut", "attendue"),
    [
        (StatutRendezVous.HONORE, [Issue.VENU]),
        (StatutRendezVous.ABSENT, [Issue.PAS_VENU]),
        (StatutRendezVous.ANNULE, [Issue.ANNULE]),
        (StatutRendezVous.CONFIRME, []),
    ],
)
def test_le_logiciel_dit_l_issue_de_l_orientation_qu_il_connait(db, statut, attendue):
    orientation = OrientationFactory(surnumeraire=True)
    rendez_vous = RendezVousFactory(orientation=orientation, rattachement="orientation", statut=statut)

    noter_d_apres_l_editeur(rendez_vous, maintenant=orientation.debut + APRES)

    assert [i.issue for i in IssueOrientation.objects.all()] == attendue


def test_le_logiciel_qui_se_repete_n_efface_pas_la_reponse_du_professionnel(db):
    orientation = OrientationFactory(surnumeraire=True)
    rendez_vous = RendezVousFactory(
        orientation=orientation, rattachement="orientation", statut=StatutRendezVous.ABSENT
    )
    jours = [orientation.debut + timedelta(days=n) for n in range(1, 5)]
    noter_d_apres_l_editeur(rendez_vous, maintenant=jours[0])
    noter(
        orientation=orientation,
        issue=Issue.VENU,
        source=SourceIssue.LIEN,
        acteur=CompteFactory(),
        maintenant=jours[1],
    )

    noter_d_apres_l_editeur(rendez_vous, maintenant=jours[2])
    rendez_vous.statut = StatutRendezVous.ANNULE
    noter_d_apres_l_editeur(rendez_vous, maintenant=jours[3])

    dites = IssueOrientation.objects.order_by("le").values_list("issue", flat=True)
    assert list(dites) == [Issue.PAS_VENU, Issue.VENU, Issue.ANNULE]


def test_le_lien_d_un_clic_expire_et_ne_se_contrefait_pas(prise, medecin):
    jeton = jetons.sceller(prise, medecin, Issue.VENU)

    assert jetons.lire(jeton, maintenant=prise.debut).issue == Issue.VENU
    with pytest.raises(jetons.JetonRefuse, match="expiré"):
        jetons.lire(jeton, maintenant=prise.debut + timedelta(days=16))
    with pytest.raises(jetons.JetonRefuse, match="pas valable"):
        jetons.lire(jeton[:-1] + ("A" if jeton[-1] != "A" else "B"), maintenant=prise.debut)
    medecin.is_active = False
    medecin.save()
    with pytest.raises(jetons.JetonRefuse):
        jetons.lire(jeton, maintenant=prise.debut)


# --- Avis --------------------------------------------------------------------------


def gabarits() -> list[str]:
    return list(Courriel.objects.order_by("pk").values_list("gabarit", flat=True))


def test_sans_choix_le_professionnel_est_prevenu_aussitot(medecin, prise, regulateur, maintenant):
    annuler(acteur=regulateur, orientation=prise, maintenant=maintenant)

    assert gabarits() == ["orientation/avis", "orientation/avis_annulation"]
    avis = Courriel.objects.order_by("pk")[0]
    assert avis.destinataire == "medecin@exemple.invalid"
    assert "lundi 2 novembre 2026 à 9\u00a0h, Camille MARTIN, " in avis.corps_texte
    assert avis.corps_texte.count("/patients-adresses/lien/") == 3
    assert "jusqu’à 15 jours après le rendez-vous" in avis.corps_texte


def test_qui_n_en_veut_pas_n_en_recoit_pas(medecin, lieu, regulateur, creneau, maintenant):
    choisir(acteur=medecin, rythme=RythmeAvis.AUCUN, effecteur=lieu.effecteur, maintenant=maintenant)

    orienter(acteur=regulateur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)

    assert gabarits() == []


def test_le_resume_du_soir_ne_part_qu_une_fois_et_dit_tout(medecin, lieu, regulateur, creneau, maintenant):
    choisir(acteur=medecin, rythme=RythmeAvis.QUOTIDIEN, effecteur=lieu.effecteur, maintenant=maintenant)
    orienter(acteur=regulateur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant + APRES / 9)

    envoyes = [resumer(maintenant=maintenant + timedelta(hours=h)) for h in (10, 11, 35)]

    assert envoyes == [1, 0, 0]
    assert gabarits() == ["orientation/resume"]


def test_chacun_a_son_resume_du_soir_aussi_nombreux_soient_ils(
    medecin, lieu, regulateur, creneau, maintenant
):
    """Ceux qui n’ont rien reçu, plus anciens dans la file, ne font attendre personne au lendemain."""
    avant = maintenant - timedelta(days=1)
    foule = Structure.objects.bulk_create(StructureFactory.build_batch(520, commune=lieu.commune))
    PreferenceAvis.objects.bulk_create(
        PreferenceAvis(structure=s, rythme=RythmeAvis.QUOTIDIEN, resume_jusqu_au=avant) for s in foule
    )
    choisir(acteur=medecin, rythme=RythmeAvis.QUOTIDIEN, effecteur=lieu.effecteur, maintenant=maintenant)
    orienter(acteur=regulateur, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant + APRES / 9)

    assert resumer(maintenant=maintenant + timedelta(hours=10)) == 1


def test_la_gestionnaire_d_une_association_est_prevenue(regulateur, lieu, medecine_generale, maintenant):
    sos = StructureFactory(sos=True, commune=lieu.commune)
    gestionnaire = CompteFactory(email="sos@exemple.invalid")
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=sos)
    orientation = OrientationFactory(acteur=regulateur, surnumeraire=True, structure=sos)

    annuler(acteur=regulateur, orientation=orientation, maintenant=orientation.prise_le)

    assert list(Courriel.objects.values_list("destinataire", flat=True)) == ["sos@exemple.invalid"]
