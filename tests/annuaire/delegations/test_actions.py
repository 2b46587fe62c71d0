from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from annuaire.champs import champ, lieux_du, structures_du
from annuaire.delegations import actions
from annuaire.delegations.actions import AucunGestionnaire, DelegationRefusee, EtatChange
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation
from comptes.enums import Action, Role, UsageLien
from comptes.models import Compte, Courriel, Habilitation, Lien, Trace
from tests.annuaire.factories import LieuExerciceFactory, habiliter
from tests.comptes.factories import CompteFactory


def lieux_tenus(compte: Compte, instant: datetime) -> set[int]:
    compte = Compte.objects.get(pk=compte.pk)
    tenu = champ(compte, Action.TENIR_AGENDA, instant=instant)
    return set(lieux_du(tenu, instant=instant).values_list("pk", flat=True))


def courriels(gabarit: str) -> list[str]:
    envoyes = Courriel.objects.filter(gabarit=f"annuaire/{gabarit}")
    return sorted(envoyes.values_list("destinataire", flat=True))


# --- Demander ---------------------------------------------------------------


def test_la_demande_part_aux_gestionnaires_du_territoire_et_a_sa_boite(monde, demander):
    monde.nord.courriel_gestionnaires = "sas-nord@exemple.invalid"
    monde.nord.save()

    demander()

    assert courriels("demande_delegation") == sorted([monde.gestionnaire.email, "sas-nord@exemple.invalid"])


def test_la_demande_dit_si_la_personne_a_deja_un_compte(demander):
    CompteFactory(email="delia@exemple.invalid")

    demander()

    corps = Courriel.objects.get(gabarit="annuaire/demande_delegation").corps_texte
    assert "Possède déjà un compte\u00a0: oui" in corps
    assert "Jusqu’au\u00a0: sans date de fin" in corps


def test_sans_gestionnaire_la_demande_est_refusee_et_rien_n_est_ecrit(monde, demander):
    Habilitation.objects.filter(compte=monde.gestionnaire).update(fin_le=monde.maintenant)

    with pytest.raises(AucunGestionnaire, match="aucun administrateur pour votre région"):
        demander()

    assert not DemandeDelegation.objects.exists()


def test_une_meme_demande_ne_part_pas_deux_fois(demander):
    demander()

    with pytest.raises(DelegationRefusee, match="déjà en cours"):
        demander(email="DELIA@exemple.invalid")


def test_on_ne_demande_ni_pour_un_autre_ni_pour_soi(monde, demander):
    with pytest.raises(DelegationRefusee, match="en votre nom"):
        demander(demandeur=monde.responsable)
    with pytest.raises(DelegationRefusee, match="la vôtre"):
        demander(email=monde.medecin.email)


def test_on_ne_demande_ni_sur_le_lieu_d_un_autre_ni_pour_une_date_passee(monde, demander):
    with pytest.raises(DelegationRefusee, match="pas ceux de l’effecteur"):
        demander(lieux=[LieuExerciceFactory()])
    with pytest.raises(DelegationRefusee, match="passée"):
        demander(fin_date=monde.maintenant.date() - timedelta(days=1))


def test_le_gestionnaire_d_une_structure_demande_pour_elle(monde, demander):
    demande = demander(demandeur=monde.responsable, effecteur=None, structure=monde.cpts)

    assert demande.structure == monde.cpts


def test_le_demandeur_annule_une_fois(monde, demander):
    demande = demander()

    actions.annuler_demande(demande=demande, acteur=monde.medecin, maintenant=monde.maintenant)

    assert demande.etat == EtatDemande.ANNULEE
    with pytest.raises(EtatChange):
        actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)


# --- Traiter ----------------------------------------------------------------


def test_accepter_cree_le_compte_du_delegataire_son_role_et_son_lien(monde, demander):
    delegation = actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)

    compte = Compte.objects.get(email="delia@exemple.invalid")
    assert delegation.delegataire == compte
    assert Role.DELEGATAIRE in compte.roles
    assert Lien.objects.get(compte=compte).usage == UsageLien.ACTIVATION
    assert Courriel.objects.filter(gabarit="comptes/bienvenue", destinataire=compte.email).count() == 1
    assert courriels("decision_delegation") == [monde.medecin.email]


def test_accepter_ajoute_la_delegation_a_un_compte_qui_existe(monde, demander):
    infirmiere = CompteFactory(email="delia@exemple.invalid", role=Role.IOA)

    actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)

    assert Compte.objects.get(pk=infirmiere.pk).roles == {Role.IOA, Role.DELEGATAIRE}
    assert not Courriel.objects.filter(gabarit="comptes/bienvenue").exists()


def test_un_compte_desactive_ne_recoit_pas_de_delegation_et_la_demande_reste_ouverte(monde, demander):
    CompteFactory(email="delia@exemple.invalid", inactif=True)
    demande = demander()

    with pytest.raises(DelegationRefusee, match="désactivé"):
        actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)

    demande.refresh_from_db()
    assert demande.etat == EtatDemande.OUVERTE


def test_le_gestionnaire_d_un_autre_territoire_ne_traite_rien(monde, demander):
    demande = demander()

    for geste in (
        lambda: actions.accepter(demande=demande, acteur=monde.etranger, maintenant=monde.maintenant),
        lambda: actions.refuser(
            demande=demande, acteur=monde.etranger, motif="non", maintenant=monde.maintenant
        ),
    ):
        with pytest.raises(DelegationRefusee, match="pas de vos territoires"):
            geste()


def test_refuser_dit_le_motif_au_demandeur(monde, demander):
    actions.refuser(
        demande=demander(),
        acteur=monde.gestionnaire,
        motif="Adresse inconnue.",
        maintenant=monde.maintenant,
    )

    courriel = Courriel.objects.get(gabarit="annuaire/decision_delegation")
    assert courriel.sujet == "Votre demande de délégation est refusée"
    assert "Adresse inconnue." in courriel.corps_texte


def test_la_date_de_fin_vaut_jusqu_au_soir_a_l_heure_de_la_ville(monde, demander):
    demande = demander(fin_date=date(2026, 3, 31))

    delegation = actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)

    assert delegation.fin_le == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("outre_mer", [False, True])
def test_la_date_de_fin_se_relit_comme_elle_s_est_ecrite(monde, demander, outre_mer):
    """À l’est de Paris, ce soir-là finit la veille à Paris ; à l’ouest, le lendemain."""
    if outre_mer:
        monde.lille.departement.fuseau = "America/Martinique"
        monde.lille.departement.save()
    demande = demander(fin_date=date(2026, 3, 31))
    delegation = actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)
    sans_demande = Delegation(fin_le=datetime(2026, 3, 31, 22, tzinfo=UTC))

    assert delegation.dernier_jour == sans_demande.dernier_jour == date(2026, 3, 31)


# --- Consentir, user, révoquer ----------------------------------------------


@pytest.fixture
def accordee(monde, demander) -> Delegation:
    return actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)


def test_sans_consentement_la_delegation_ne_donne_rien(monde, accordee):
    assert lieux_tenus(accordee.delegataire, monde.maintenant) == set()


def test_le_consentement_ouvre_les_lieux_et_la_revocation_les_ferme(monde, accordee):
    actions.consentir(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)
    ouverts = lieux_tenus(accordee.delegataire, monde.maintenant)
    actions.revoquer(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)

    assert ouverts == {lieu.pk for lieu in monde.lieux}
    assert lieux_tenus(accordee.delegataire, monde.maintenant) == set()
    assert courriels("ouverture_delegation") == ["delia@exemple.invalid"]
    assert courriels("revocation_delegation") == ["delia@exemple.invalid"]


def test_la_delegation_s_arrete_aux_lieux_nommes_et_a_sa_date(monde, demander):
    demande = demander(lieux=[monde.lieux[0]], fin_date=date(2026, 3, 31))
    delegation = actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)
    actions.consentir(delegation=delegation, acteur=monde.medecin, maintenant=monde.maintenant)

    assert lieux_tenus(delegation.delegataire, monde.maintenant) == {monde.lieux[0].pk}
    assert delegation.fin_le is not None
    assert lieux_tenus(delegation.delegataire, delegation.fin_le) == set()


def test_le_delegataire_d_une_structure_tient_aussi_ses_points_fixes(monde, demander):
    """W-30 : la délégation d’un gestionnaire valait pour ses structures, mais ni ses CPTS ni ses SOS."""
    point_fixe = LieuExerciceFactory(de_structure=True, structure=monde.cpts)
    demande = demander(demandeur=monde.responsable, effecteur=None, structure=monde.cpts)
    delegation = actions.accepter(demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant)
    actions.consentir(delegation=delegation, acteur=monde.responsable, maintenant=monde.maintenant)
    delegataire = Compte.objects.get(pk=delegation.delegataire_id)

    tenu = champ(delegataire, Action.GERER_STRUCTURES, instant=monde.maintenant)

    assert list(structures_du(tenu)) == [monde.cpts]
    assert lieux_tenus(delegataire, monde.maintenant) == {point_fixe.pk}


@pytest.mark.parametrize("qui", ["gestionnaire", "etranger", "responsable"])
def test_seul_le_titulaire_consent(monde, accordee, qui):
    with pytest.raises(DelegationRefusee, match="Seul le titulaire"):
        actions.consentir(delegation=accordee, acteur=getattr(monde, qui), maintenant=monde.maintenant)


def test_le_delegataire_ne_consent_pas_pour_le_titulaire(monde, accordee):
    with pytest.raises(DelegationRefusee, match="Seul le titulaire"):
        actions.consentir(delegation=accordee, acteur=accordee.delegataire, maintenant=monde.maintenant)


def test_on_ne_consent_ni_deux_fois_ni_apres_la_revocation(monde, accordee):
    actions.consentir(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)
    with pytest.raises(EtatChange):
        actions.consentir(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)

    actions.revoquer(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)

    with pytest.raises(EtatChange):
        actions.consentir(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)
    with pytest.raises(EtatChange):
        actions.revoquer(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)


def test_le_delegataire_renonce_et_le_gestionnaire_clot(monde, accordee, demander):
    actions.revoquer(delegation=accordee, acteur=accordee.delegataire, maintenant=monde.maintenant)
    autre = actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)
    actions.revoquer(delegation=autre, acteur=monde.gestionnaire, maintenant=monde.maintenant)

    assert not Delegation.objects.vivantes(monde.maintenant).exists()
    assert courriels("revocation_delegation").count(monde.medecin.email) == 2


def test_un_etranger_ne_revoque_pas(monde, accordee):
    with pytest.raises(DelegationRefusee, match="ne pouvez pas"):
        actions.revoquer(delegation=accordee, acteur=monde.etranger, maintenant=monde.maintenant)


# --- Accorder sans demande --------------------------------------------------


def test_ce_que_le_titulaire_accorde_vaut_aussitot(monde):
    delegataire = CompteFactory()

    actions.accorder(
        delegataire=delegataire, acteur=monde.medecin, effecteur=monde.effecteur, maintenant=monde.maintenant
    )

    assert lieux_tenus(delegataire, monde.maintenant) == {lieu.pk for lieu in monde.lieux}


def test_ce_que_le_gestionnaire_accorde_attend_le_consentement(monde):
    delegation = actions.inviter_et_accorder(
        prenom="Délia",
        nom="Gautier",
        email="delia@exemple.invalid",
        acteur=monde.gestionnaire,
        effecteur=monde.effecteur,
        maintenant=monde.maintenant,
    )

    assert delegation.consentie_le is None
    assert courriels("consentement_delegation") == [monde.medecin.email]


def test_le_gestionnaire_n_accorde_pas_hors_de_ses_territoires(monde):
    with pytest.raises(DelegationRefusee, match="en dehors de votre territoire"):
        actions.inviter_et_accorder(
            prenom="Délia",
            nom="Gautier",
            email="delia@exemple.invalid",
            acteur=monde.etranger,
            effecteur=monde.effecteur,
            maintenant=monde.maintenant,
        )

    assert not Compte.objects.filter(email="delia@exemple.invalid").exists()


def test_une_personne_n_a_pas_deux_delegations_du_meme_effecteur_en_meme_temps(monde, accordee):
    with pytest.raises(DelegationRefusee, match="déjà délégation"):
        actions.accorder(
            delegataire=accordee.delegataire,
            acteur=monde.gestionnaire,
            effecteur=monde.effecteur,
            fin_le=monde.maintenant + timedelta(days=2),
            maintenant=monde.maintenant + timedelta(days=1),
        )


def test_la_base_refuse_deux_periodes_qui_se_chevauchent_et_admet_deux_qui_se_suivent(monde):
    delegataire = CompteFactory()

    def creer(debut: int, fin: int | None) -> None:
        Delegation.objects.create(
            delegataire=delegataire,
            effecteur=monde.effecteur,
            debut_le=monde.maintenant + timedelta(days=debut),
            fin_le=monde.maintenant + timedelta(days=fin) if fin else None,
        )

    creer(0, 10)
    creer(10, 20)

    with pytest.raises(IntegrityError, match="sans_chevauchement"), transaction.atomic():
        creer(19, None)


def test_chaque_geste_est_trace_sans_nom_ni_adresse(monde, accordee):
    actions.consentir(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)
    actions.revoquer(delegation=accordee, acteur=monde.medecin, maintenant=monde.maintenant)

    traces = list(Trace.objects.order_by("pk"))
    assert [trace.verbe for trace in traces] == [
        "delegation.demandee",
        "compte.cree",
        "delegation.accordee",
        "delegation.consentie",
        "delegation.revoquee",
    ]
    assert "delia" not in str([trace.details for trace in traces]).lower()


# --- Simultanéité -----------------------------------------------------------


def en_meme_temps(*gestes) -> list[str]:
    """Joue les gestes chacun dans son fil et sa connexion ; rend « fait » ou le nom du refus."""
    barriere, resultats = threading.Barrier(len(gestes)), [""] * len(gestes)

    def jouer(rang: int) -> None:
        try:
            barriere.wait(5)
            gestes[rang]()
            resultats[rang] = "fait"
        except DelegationRefusee as refus:
            resultats[rang] = type(refus).__name__
        finally:
            connection.close()

    fils = [threading.Thread(target=jouer, args=(rang,)) for rang in range(len(gestes))]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(20)
    return sorted(resultats)


@pytest.mark.django_db(transaction=True)
def test_deux_gestionnaires_qui_acceptent_ensemble_n_accordent_qu_une_delegation(monde, demander):
    second = CompteFactory()
    habiliter(second, Role.GESTIONNAIRE_COMPTES, territoire=monde.nord)
    demande = demander()

    def accepter_par(acteur):
        copie = DemandeDelegation.objects.get(pk=demande.pk)
        return lambda: actions.accepter(demande=copie, acteur=acteur, maintenant=monde.maintenant)

    resultats = en_meme_temps(accepter_par(monde.gestionnaire), accepter_par(second))

    assert resultats == ["EtatChange", "fait"]
    assert Delegation.objects.count() == 1
    assert Compte.objects.filter(email="delia@exemple.invalid").count() == 1


@pytest.mark.django_db(transaction=True)
def test_le_meme_delegataire_accepte_pour_deux_titulaires_n_a_qu_un_compte_et_un_role(monde, demander):
    demandes = [demander(), demander(demandeur=monde.responsable, effecteur=None, structure=monde.cpts)]

    def accepter(demande):
        return lambda: actions.accepter(
            demande=demande, acteur=monde.gestionnaire, maintenant=monde.maintenant
        )

    assert en_meme_temps(*map(accepter, demandes)) == ["fait", "fait"]
    assert Habilitation.objects.filter(role=Role.DELEGATAIRE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_consentir_et_revoquer_ensemble_laissent_une_delegation_revoquee(monde, demander):
    delegation = actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)
    copies = [Delegation.objects.get(pk=delegation.pk) for _ in range(2)]

    resultats = en_meme_temps(
        lambda: actions.consentir(delegation=copies[0], acteur=monde.medecin, maintenant=monde.maintenant),
        lambda: actions.revoquer(
            delegation=copies[1], acteur=monde.gestionnaire, maintenant=monde.maintenant
        ),
    )

    # Révoquer l’emporte toujours ; consentir passe s’il vient avant.
    assert "fait" in resultats
    assert not Delegation.objects.vivantes(monde.maintenant).exists()
