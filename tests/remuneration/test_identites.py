"""Un ADELI devient un RPPS au milieu d’un trimestre : tout suit, rien de clos ne change."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from agenda.models import AgendaEditeur, Disponibilite, Raccordement
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation, Effecteur
from comptes.enums import Role
from comptes.models import Compte, Trace
from participation.models import Participation
from remuneration import contestations
from remuneration.caisse.lectures import decomptes_contestes
from remuneration.calcul import calculer, clore, ouvrir, rectifier
from remuneration.identites import ReunionRefusee, reunir
from remuneration.models import Acte, Decompte, Periode, Succession
from tests.agenda.factories import AgendaEditeurFactory, DisponibiliteFactory, RaccordementFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory, ProfessionFactory
from tests.comptes.factories import DEBUT, CompteFactory
from tests.participation.factories import ParticipationFactory
from tests.remuneration.calcul.monde import PARIS, medecin, orienter, sas_ouvert
from tests.remuneration.factories import ContestationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
AOUT = datetime(2025, 8, 20, 9, tzinfo=UTC)
OCTOBRE = datetime(2025, 10, 3, 9, tzinfo=UTC)


def le(jour, mois=7):
    return datetime(2025, mois, jour, 10, tzinfo=PARIS)


@pytest.fixture
def cabinet():
    """Celui que connaît l’annuaire sous l’ancien identifiant ; il a disparu de la dernière extraction."""
    sas_ouvert()
    cabinet = medecin(effecteur=EffecteurFactory(adeli=True, nom="RIVIERE", prenom="Ines"))
    Effecteur.objects.filter(pk=cabinet.effecteur_id).update(est_actif=False)
    cabinet.effecteur.est_actif = cabinet.est_actif = False
    cabinet.save(update_fields=["est_actif"])
    return cabinet


@pytest.fixture
def ancien(cabinet):
    return cabinet.effecteur


@pytest.fixture
def cree(cabinet):
    """Le lieu que la même extraction a créé à la même adresse, sous le nouvel identifiant."""
    effecteur = EffecteurFactory(nom="RIVIERE", prenom="Ines", profession=cabinet.effecteur.profession)
    return LieuExerciceFactory(effecteur=effecteur, adresse=cabinet.adresse, cle="site-neuf")


@pytest.fixture
def nouveau(cree):
    return cree.effecteur


def test_agenda_participation_delegations_et_compte_suivent(cabinet, ancien, cree, nouveau):
    disponibilite = DisponibiliteFactory(lieu=cabinet)
    ParticipationFactory(effecteur=ancien)
    compte = CompteFactory(role=Role.EFFECTEUR, identifiant_national=ancien.identifiant_national)
    delegataire = CompteFactory(role=Role.DELEGATAIRE)
    Delegation.objects.create(
        delegataire=delegataire, effecteur=ancien, debut_le=DEBUT, consentie_le=DEBUT, consentie_par=compte
    )

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    (lieu,) = nouveau.lieux.filter(est_actif=True)
    assert (lieu, lieu.cle) == (cabinet, "site-neuf")
    assert list(Disponibilite.objects.filter(lieu__effecteur=nouveau)) == [disponibilite]
    assert Participation.objects.get().effecteur == nouveau
    assert Delegation.objects.get().effecteur == nouveau
    compte.refresh_from_db()
    assert compte.identifiant_national == nouveau.identifiant_national
    assert (len(reunion.suivis), reunion.laisses) == (5, [])
    assert not ancien.lieux.filter(est_actif=True).exists()
    assert Trace.objects.get(verbe="effecteur.reuni").details == {"ancien": ancien.pk}


def test_les_actes_des_deux_identifiants_se_comptent_ensemble(cabinet, ancien, cree, nouveau):
    for jour in (7, 8, 9):
        orienter(cabinet, le(jour))
    DisponibiliteFactory(lieu=cabinet)
    reunir(ancien, nouveau, maintenant=AOUT)
    cabinet.refresh_from_db()
    for jour in (25, 26):
        orienter(cabinet, le(jour, 8))

    calcul = calculer(ouvrir("2025T3"), OCTOBRE)

    activite = Decompte.objects.get(calcul=calcul, prestation="activite")
    assert (activite.effecteur, activite.nombre, activite.montant) == (nouveau, 5, 70)


def test_une_periode_close_se_relit_telle_quelle_et_un_rectificatif_le_dit(cabinet, ancien, cree, nouveau):
    for jour in range(7, 12):
        orienter(cabinet, le(jour))
    cree.delete()  # pas encore d’extraction : les deux ne se rapprochent pas
    calcul = clore(calculer(ouvrir("2025T3"), OCTOBRE), par=CompteFactory(), maintenant=OCTOBRE)
    avant = list(Acte.objects.order_by("pk").values()), list(Decompte.objects.order_by("pk").values())

    LieuExerciceFactory(effecteur=nouveau, adresse=cabinet.adresse)
    reunir(ancien, nouveau, maintenant=OCTOBRE + timedelta(days=1))

    apres = list(Acte.objects.order_by("pk").values()), list(Decompte.objects.order_by("pk").values())
    assert apres == avant
    plus_tard = OCTOBRE + timedelta(days=2)
    suite = rectifier(
        Periode.objects.get(code="2025T3"),
        motif="Nouvel identifiant",
        par=CompteFactory(),
        maintenant=plus_tard,
    )
    calculer(suite, plus_tard)
    clore(suite, par=CompteFactory(), maintenant=plus_tard)
    dus = {d.calcul_id: d.effecteur for d in Decompte.objects.filter(prestation="activite")}
    assert dus == {calcul.pk: ancien, suite.pk: nouveau}
    contestes = decomptes_contestes(ContestationFactory(effecteur=ancien, periode=suite.periode))
    assert {d.effecteur for d in contestes} == {nouveau}


def test_reunir_deux_fois_ne_change_plus_rien(cabinet, ancien, cree, nouveau):
    DisponibiliteFactory(lieu=cabinet)
    reunir(ancien, nouveau, maintenant=AOUT)

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    assert (reunion.suivis, reunion.laisses) == ([], [])
    assert Succession.objects.count() == 1


def test_ce_qui_est_deja_tenu_sous_le_nouvel_identifiant_reste(cabinet, ancien, cree, nouveau):
    DisponibiliteFactory(lieu=cabinet)
    DisponibiliteFactory(lieu=cree)
    ParticipationFactory(effecteur=ancien)
    sienne = ParticipationFactory(effecteur=nouveau)
    for effecteur in (ancien, nouveau):
        CompteFactory(role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national)

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    assert len(reunion.laisses) == 3
    assert nouveau.lieux.get() == cree
    assert Participation.objects.get(effecteur=nouveau) == sienne
    assert Compte.objects.filter(identifiant_national=ancien.identifiant_national).exists()


def demander(effecteur, email="d@exemple.invalid"):
    return DemandeDelegation.objects.create(
        demandeur=CompteFactory(),
        effecteur=effecteur,
        prenom="Dominique",
        nom="Fictif",
        email=email,
        commune=CommuneFactory(),
    )


def test_les_demandes_de_delegation_et_les_raccordements_suivent(cabinet, ancien, cree, nouveau):
    demande = demander(ancien)
    agenda = AgendaEditeurFactory(lieu=cabinet)

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    demande.refresh_from_db()
    assert (demande.effecteur, demande.etat) == (nouveau, EtatDemande.OUVERTE)
    assert Raccordement.objects.get().effecteur == nouveau
    assert AgendaEditeur.objects.get() == agenda
    assert {"les demandes de délégation", "les raccordements aux éditeurs"} <= set(reunion.suivis)
    assert reunion.laisses == []


def test_deja_raccorde_ou_demande_le_nouvel_identifiant_l_emporte(cabinet, ancien, cree, nouveau):
    agenda = AgendaEditeurFactory(lieu=cabinet)
    editeur = agenda.raccordement.editeur
    sien = RaccordementFactory(effecteur=nouveau, lot=agenda.raccordement.lot)
    avant, apres = demander(ancien), demander(nouveau)

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    assert list(Raccordement.objects.all()) == [sien]
    assert not AgendaEditeur.objects.exists()
    etats = {d.pk: (d.effecteur, d.etat) for d in DemandeDelegation.objects.all()}
    assert etats == {avant.pk: (nouveau, EtatDemande.ANNULEE), apres.pk: (nouveau, EtatDemande.OUVERTE)}
    assert reunion.laisses == [
        f"le raccordement à {editeur} du nouvel identifiant, qui remplace l’ancien",
        "la demande de délégation du nouvel identifiant, qui remplace l’ancienne",
    ]
    assert reunir(ancien, nouveau, maintenant=AOUT).laisses == []


def test_un_delegataire_des_deux_identifiants_garde_la_delegation_du_nouveau(ancien, cree, nouveau):
    commun, autre = CompteFactory(role=Role.DELEGATAIRE), CompteFactory(role=Role.DELEGATAIRE)
    for delegataire, effecteur in ((commun, nouveau), (commun, ancien), (autre, ancien)):
        Delegation.objects.create(delegataire=delegataire, effecteur=effecteur, debut_le=DEBUT)

    reunion = reunir(ancien, nouveau, maintenant=AOUT)

    assert set(nouveau.delegations.values_list("delegataire", flat=True)) == {commun.pk, autre.pk}
    assert ancien.delegations.get().delegataire == commun
    assert reunion.laisses == ["la délégation de qui en a déjà une sous le nouvel identifiant"]


def test_la_simulation_dit_ce_que_le_nouvel_identifiant_remplace(cabinet, ancien, cree, nouveau, capsys):
    lot = AgendaEditeurFactory(lieu=cabinet).raccordement.lot
    RaccordementFactory(effecteur=nouveau, lot=lot)

    call_command("reunir_identifiants")

    assert f"reste\u00a0: le raccordement à {lot.editeur} du nouvel identifiant" in capsys.readouterr().out
    assert Raccordement.objects.count() == 2


def test_sa_contestation_d_avant_le_previent_encore(ancien, cree, nouveau):
    compte = CompteFactory(role=Role.EFFECTEUR, identifiant_national=nouveau.identifiant_national)
    fil = ContestationFactory(effecteur=ancien)
    reunir(ancien, nouveau, maintenant=AOUT)

    assert list(contestations.beneficiaires(fil, instant=AOUT)) == [compte]


def test_deux_personnes_ne_se_reunissent_pas(cabinet, ancien, cree, nouveau):
    autre = EffecteurFactory(profession=ProfessionFactory(sage_femme=True))
    for gauche, droite in ((nouveau, ancien), (ancien, autre), (EffecteurFactory(adeli=True), nouveau)):
        with pytest.raises(ReunionRefusee):
            reunir(gauche, droite, maintenant=AOUT)
    reunir(ancien, nouveau, maintenant=AOUT)
    with pytest.raises(ReunionRefusee, match="déjà succédé"):
        reunir(ancien, EffecteurFactory(profession=ancien.profession), maintenant=AOUT)


def test_la_commande_simule_puis_ecrit_ceux_qui_ne_font_pas_de_doute(cabinet, ancien, cree, nouveau, capsys):
    DisponibiliteFactory(lieu=cabinet)

    call_command("reunir_identifiants")

    assert not Succession.objects.exists()
    assert "le lieu" in (dite := capsys.readouterr().out)
    assert "Simulation\u00a0: 1 professionnel(s)" in dite

    call_command("reunir_identifiants", "--ecrire")

    assert Succession.objects.get().nouveau == nouveau
    assert nouveau.lieux.get() == cabinet


def test_la_commande_reunit_les_deux_identifiants_nommes(ancien, cree, nouveau):
    Effecteur.objects.filter(pk=nouveau.pk).update(nom="RIVIERE-MARCHAND", nom_recherche="riviere marchand")

    call_command("reunir_identifiants", ancien.identifiant_national, nouveau.identifiant_national, "--ecrire")

    assert Succession.objects.get().nouveau == nouveau
    for arguments in ([ancien.identifiant_national], ["0999999999", nouveau.identifiant_national]):
        with pytest.raises(CommandError):
            call_command("reunir_identifiants", *arguments)
