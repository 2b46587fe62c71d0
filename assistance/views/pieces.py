"""Télécharger une pièce : jamais servie par le site de fichiers, jamais affichée dans la page."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assistance.models import PieceJointe, Ticket
from assistance.views.personne import compte_connu
from comptes.actions import tracer
from comptes.models.acces import empreinte_de

# Même ouvert dans l’onglet, le fichier n’a le droit de rien : ni script, ni style, ni formulaire.
POLITIQUE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; sandbox"


@never_cache
@require_safe
def piece(request: HttpRequest, piece_id: int) -> FileResponse:
    """Pour l’auteur de la demande, et pour qui la traite ; la lecture par un tiers se trace."""
    compte = compte_connu(request)
    traitees = Ticket.objects.modifiables_par(compte, instant=timezone.now())
    pieces = PieceJointe.objects.filter(Q(ticket__auteur=compte) | Q(ticket__in=traitees))
    trouvee = get_object_or_404(pieces.select_related("ticket"), pk=piece_id)
    if trouvee.ticket.auteur_id != compte.pk:
        tracer(
            acteur=compte, verbe="demande.piece_lue", objet=f"demande:{trouvee.ticket_id}", piece=trouvee.pk
        )
    return livrer(trouvee.fichier, nom=trouvee.nom, type_mime=trouvee.type_mime)


@never_cache
@require_safe
def piece_suivie(request: HttpRequest, secret: str, piece_id: int) -> FileResponse:
    pieces = PieceJointe.objects.filter(ticket__auteur=None, ticket__empreinte_suivi=empreinte_de(secret))
    trouvee = get_object_or_404(pieces, pk=piece_id)
    return livrer(trouvee.fichier, nom=trouvee.nom, type_mime=trouvee.type_mime)


def livrer(fichier: FieldFile, *, nom: str, type_mime: str) -> FileResponse:
    """Réponse à enregistrer sur le disque ; 404 si le fichier n’est plus là."""
    try:
        flux = fichier.open("rb")
    except FileNotFoundError as absent:
        raise Http404 from absent
    reponse = FileResponse(flux, as_attachment=True, filename=nom, content_type=type_mime)
    reponse["Content-Security-Policy"] = POLITIQUE
    reponse["X-Content-Type-Options"] = "nosniff"
    return reponse
