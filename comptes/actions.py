"""Ce qui s’écrit au sujet des comptes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q

from comptes.enums import EtatCourriel
from comptes.models import Compte, Trace
from comptes.models.compte import NOM_ANONYME


def tracer(*, acteur: Compte | None, verbe: str, objet: str, **details: Any) -> Trace:
    """Ajoute une ligne à la trace. À appeler en dernier : elle tient un verrou jusqu’à la fin de la transaction.

    `objet` désigne ce qui est touché, par son numéro : « compte:12 », « lieu:7 ».
    C’est par lui qu’une personne retrouve ce qui la concerne
    (`sas_platform.mes_donnees`) ; `verbe` a son libellé dans `comptes.verbes`.
    """
    return Trace.objects.create(acteur=acteur, verbe=verbe, objet=objet, details=details)


def tracer_lecture(
    *, acteur: Compte, verbe: str, objet: str, est_le_sien: bool = False, depuis: datetime | None = None
) -> None:
    """Dit que `acteur` a ouvert la fiche d’autrui ; lire ses propres données ne s’écrit pas.

    Une ligne par fiche ouverte, jamais par ligne d’une liste : à appeler dans
    la vue, une fois l’objet trouvé dans le champ de la personne. `depuis` : rien
    si elle l’a déjà ouverte depuis cet instant ; une page que l’on rouvre sans
    cesse laisse ainsi une trace qui se lit.
    """
    if est_le_sien or objet == f"compte:{acteur.pk}":
        return
    if depuis and Trace.objects.filter(objet=objet, acteur=acteur, verbe=verbe, le__gte=depuis).exists():
        return
    tracer(acteur=acteur, verbe=verbe, objet=objet)


@transaction.atomic
def anonymiser(*, compte: Compte, acteur: Compte | None, maintenant: datetime) -> bool:
    """Efface l’identité d’un compte, que la trace et les orientations désignent encore ; faux si c’est déjà fait.

    Sans retour : nom, adresse, identifiant national et carte disparaissent, les
    rôles se ferment, plus rien n’ouvre de session en son nom. Un message qui
    attend de partir part encore, détaché du compte.
    """
    verrouille = Compte.objects.select_for_update().get(pk=compte.pk)
    if verrouille.anonymise_le is not None:
        return False
    _fermer_les_acces(verrouille, maintenant)
    _effacer_l_identite(verrouille, maintenant)
    compte.refresh_from_db()
    tracer(acteur=acteur, verbe="compte.anonymise", objet=f"compte:{compte.pk}")
    return True


def _fermer_les_acces(compte: Compte, maintenant: datetime) -> None:
    compte.habilitations.filter(debut_le__gte=maintenant).delete()
    compte.habilitations.filter(Q(fin_le=None) | Q(fin_le__gt=maintenant)).update(fin_le=maintenant)
    compte.jetons.filter(revoque_le=None).update(revoque_le=maintenant)
    compte.liens.all().delete()
    fermer_les_sessions(compte)
    EmailAddress.objects.filter(user=compte).delete()
    Authenticator.objects.filter(user=compte).delete()


def fermer_les_sessions(compte: Compte) -> None:
    compte.sessions.all().delete()
    compte.sessions_ouvertes.all().delete()


def _effacer_l_identite(compte: Compte, maintenant: datetime) -> None:
    compte.courriels.filter(etat=EtatCourriel.A_ENVOYER).update(compte=None)
    compte.courriels.all().delete()
    fiche = ContentType.objects.get_for_model(Compte)
    LogEntry.objects.filter(content_type=fiche, object_id=str(compte.pk)).update(object_repr=NOM_ANONYME)
    compte.email = compte.identifiant_national = None
    compte.nom, compte.prenom, compte.numero_cpx = NOM_ANONYME, "", ""
    compte.is_active = False
    compte.desactive_le = compte.desactive_le or maintenant
    compte.anonymise_le = maintenant
    compte.last_login = compte.courriel_rejete_le = None
    compte.set_unusable_password()
    compte.save()
