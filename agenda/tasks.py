"""Ce qui tient les offres à jour, plus tard et sans personne."""

from collections.abc import Callable
from time import monotonic

from celery import shared_task
from django.utils import timezone

from agenda import offre, tenues
from agenda.echanges import entree
from agenda.editeurs import choix, decouverte, ordonnanceur, raccordements, retraits
from agenda.editeurs.budget import File
from agenda.editeurs.client import Reponse
from agenda.editeurs.verdicts import Demande
from agenda.eligibilite import releves
from agenda.eligibilite.alertes import alerter
from agenda.models import CalendrierExterne, Editeur, EnvoiRegulateur
from agenda.regulateurs import comparaison, expedition, tour

PASSAGE_MAX_S = 75  # une tâche finit avant que le courtier ne la redonne à un autre (120 s)
SUITE_MAX_S = 6 * 3600  # le passage suivant d’un long travail ne périt pas dans une file chargée
ATTENTE_IMMEDIATE_S = 15  # passé ce temps, plus aucun écran n’attend la réponse


@shared_task
def balayer_offre() -> int:
    """Chaque minute : avance le premier créneau des offres dont le premier est passé."""
    return offre.balayer(timezone.now())


@shared_task
def liberer_tenues_echues() -> int:
    """Toutes les dix secondes : remontre les places dont la tenue est finie, que l’on peut déjà prendre."""
    return tenues.liberer_echues(maintenant=timezone.now())


LOTS_PAR_PASSAGE = 40


@shared_task
def rafraichir_perimees() -> int:
    """Toutes les dix secondes : recalcule les lieux marqués ; rend leur nombre.

    Un passage s’arrête bien avant la limite de temps d’une tâche ; le suivant continue.
    """
    total = 0
    for _ in range(LOTS_PAR_PASSAGE):
        recalcules = offre.rafraichir_perimees(timezone.now())
        total += recalcules
        if recalcules < offre.LOT:
            break
    return total


@shared_task
def reconstruire_offre_periodique() -> int:
    """Chaque heure : fait entrer le jour nouveau dans la fenêtre, et répare un éventuel écart."""
    return offre.marquer_vivants()


@shared_task(time_limit=30, soft_time_limit=25)
def interroger_lots_dus() -> int:
    """Toutes les quinze secondes : enfile les lots dus, dans le budget de chaque éditeur."""
    maintenant = timezone.now()
    retraits.retirer_affichages_refuses(maintenant)
    retraits.retirer_agendas_perimes(maintenant)
    groupes = choix.prendre_groupes_dus(maintenant)
    for groupe in groupes:
        interroger_lots.apply_async(kwargs=groupe._asdict(), expires=choix.ATTENTE_MAX_S)
    return sum(len(groupe.lot_ids) for groupe in groupes)


@shared_task(acks_late=True, time_limit=60, soft_time_limit=45)
def interroger_lots(*, editeur_id: int, lot_ids: list[int]) -> int:
    """Interroge ensemble des lots d’un éditeur et enregistre leurs réponses ; rend le nombre d’agendas changés.

    Rejouable : un lot déjà en cours, ou qu’un écran vient de faire interroger, est
    laissé, et une réponse inchangée n’écrit rien. Un échec de l’éditeur n’est pas
    retenté ici : le lot revient à la période suivante.
    """
    editeur = Editeur.objects.filter(pk=editeur_id, est_actif=True).first()
    if editeur is None:
        return 0
    with ordonnanceur.ouvrir_interrogateur() as interrogateur:
        bilan = interrogateur.interroger(editeur, lot_ids, timezone.now(), si_repose=True)
    ordonnanceur.budget_de(editeur).liberer(File.FOND, lot_ids)
    return bilan.agendas_changes


@shared_task(time_limit=10)
def repartir_pour_un_ecran(*, lots: list[tuple[int, list[int]]]) -> int:
    """Une tâche par éditeur, pour qu’aucun n’en attende un autre ; `lots` : (éditeur, ses lots). Rend leur nombre."""
    for editeur_id, lot_ids in lots:
        interroger_pour_un_ecran.apply_async(
            kwargs={"editeur_id": editeur_id, "lot_ids": lot_ids}, expires=ATTENTE_IMMEDIATE_S
        )
    return len(lots)


@shared_task(acks_late=True, time_limit=30, soft_time_limit=20)
def interroger_pour_un_ecran(*, editeur_id: int, lot_ids: list[int]) -> int:
    """Interroge les lots d’un éditeur qu’un écran montre, ensemble ; rend le nombre d’agendas changés.

    Les lots sont libérés quoi qu’il arrive : l’écran n’attend pas une tâche qui a échoué.
    """
    editeur = Editeur.objects.filter(pk=editeur_id, est_actif=True).first()
    if editeur is None:
        return 0
    try:
        with ordonnanceur.ouvrir_interrogateur() as interrogateur:
            bilan = interrogateur.interroger(editeur, lot_ids, timezone.now(), immediat=True)
    finally:
        ordonnanceur.budget_de(editeur).liberer(File.IMMEDIAT, lot_ids)
    return bilan.agendas_changes


@shared_task(time_limit=110, soft_time_limit=100)
def chercher_des_editeurs() -> int:
    """Toutes les dix minutes, en dernier : qui tient son agenda chez qui ; rend le nombre de raccordés.

    Qui entre dans une CPTS, ou en sort, change d’abord de lot. Un passage finit avant que
    le courtier ne redonne la tâche à un autre (120 s) ; le suivant continue.
    """
    maintenant = timezone.now()
    encore = _pendant(PASSAGE_MAX_S)
    raccordements.reclasser(maintenant)
    with ordonnanceur.ouvrir_interrogateur() as interrogateur:

        def appeler(editeur: Editeur, demande: Demande) -> Reponse | None:
            return interrogateur.chercher(editeur, demande) if encore() else None

        return decouverte.decouvrir(maintenant, appeler=appeler).trouves


@shared_task(time_limit=110, soft_time_limit=100)
def relever_heures(*, apres: int = 0) -> int:
    """Le lundi, une fois la semaine finie jusqu’à Tahiti ; rattrape les semaines qu’une panne a sautées.

    Un passage s’arrête à temps et envoie le suivant, l’effecteur `apres` passé ; puis viennent les structures.
    """
    passage = releves.relever_effecteurs(timezone.now(), apres=apres, encore=_pendant(PASSAGE_MAX_S))
    if passage.reprise is None:
        relever_heures_des_structures.apply_async(expires=SUITE_MAX_S)
    else:
        relever_heures.apply_async(kwargs={"apres": passage.reprise}, expires=SUITE_MAX_S)
    return passage.nombre


@shared_task(time_limit=110, soft_time_limit=100)
def relever_heures_des_structures(*, apres: int = 0) -> int:
    """Après les effecteurs ; ce qu’aucun relevé ne lira plus s’oublie enfin."""
    maintenant = timezone.now()
    passage = releves.relever_structures(maintenant, apres=apres, encore=_pendant(PASSAGE_MAX_S))
    if passage.reprise is None:
        entree.oublier_le_passe(maintenant)
    else:
        relever_heures_des_structures.apply_async(kwargs={"apres": passage.reprise}, expires=SUITE_MAX_S)
    return passage.nombre


@shared_task(time_limit=110, soft_time_limit=100)
def alerter_heures_insuffisantes(*, apres: int = 0) -> int:
    """Le vendredi, pour la semaine suivante ; et le samedi, si le vendredi a manqué. En plusieurs passages."""
    passage = alerter(timezone.now(), apres=apres, encore=_pendant(PASSAGE_MAX_S))
    if passage.reprise is not None:
        alerter_heures_insuffisantes.apply_async(kwargs={"apres": passage.reprise}, expires=SUITE_MAX_S)
    return passage.nombre


def _pendant(duree_s: float) -> Callable[[], bool]:
    """Vrai jusqu’à ce que cette durée soit passée."""
    limite = monotonic() + duree_s
    return lambda: monotonic() < limite


@shared_task
def actualiser_calendriers() -> int:
    """Toutes les cinq minutes : envoie relire les calendriers externes dus ; rend leur nombre."""
    dus = entree.calendriers_dus(timezone.now())
    for calendrier_id in dus:
        actualiser_calendrier.apply_async((calendrier_id,), expires=300)
    return len(dus)


@shared_task(time_limit=60, soft_time_limit=50)
def actualiser_calendrier(calendrier_id: int) -> bool:
    """Relit un calendrier externe ; faux s’il ne s’est pas lu, ou a été retiré. Rejouable."""
    calendrier = (
        CalendrierExterne.objects.select_related("lieu").filter(pk=calendrier_id).exclude(url="").first()
    )
    return calendrier is not None and entree.actualiser(calendrier, maintenant=timezone.now())


@shared_task(time_limit=60, soft_time_limit=50)
def envoyer_regulateurs() -> int:
    """Toutes les dix secondes : compare les comptes marqués, et envoie aux éditeurs ce qui leur est dû.

    Un éditeur qui a déjà son tour, ou ne répond pas, laisse la file aux autres.
    """
    maintenant = timezone.now()
    comparaison.comparer_les_marques(maintenant=maintenant)
    dus = EnvoiRegulateur.objects.dus(maintenant).order_by("copie__editeur")
    dus_a = dus.values_list("copie__editeur", flat=True).distinct()
    editeurs = [editeur_id for editeur_id in dus_a if tour.prendre(editeur_id)]
    for editeur_id in editeurs:
        envoyer_regulateurs_a.apply_async(kwargs={"editeur_id": editeur_id}, expires=10)
    return len(editeurs)


@shared_task(time_limit=85, soft_time_limit=75)
def envoyer_regulateurs_a(*, editeur_id: int) -> int:
    """Rejouable : un bail par compte écarte les autres processus, et le prochain essai est en base."""
    tour.commencer(editeur_id)
    envoi = expedition.envoyer_dus(editeur_id, horloge=timezone.now)
    tour.rendre(editeur_id, a_repondu=envoi.a_repondu)
    return envoi.acquittes


@shared_task
def retirer_regulateurs_echus() -> int:
    """Chaque minute : désactive chez les éditeurs les comptes dont le rôle a pris fin à sa date."""
    return comparaison.retirer_les_echus(maintenant=timezone.now())
