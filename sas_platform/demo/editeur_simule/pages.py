"""Page de réservation de l’éditeur simulé."""

from html import escape

from sas_platform.demo.editeur_simule.agenda import Creneau, Lieu, Praticien

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_CADRE = """<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{titre} – {editeur}</title></head>
<body><header><p>{editeur}, éditeur simulé</p></header>
<main><h1>{titre}</h1>
{corps}
</main>
<footer><p>Accès ouvert par le service d’accès aux soins du ministère de la santé et de la prévention.</p></footer>
</body></html>
"""


def connexion_requise(editeur: str) -> str:
    """Sans `origin`, l’accès du SAS est fermé, même à un régulateur connu."""
    corps = (
        "<p>Erreur de connexion : ouvrez cette page depuis la plateforme SAS, "
        "ou saisissez vos identifiants de connexion (login).</p>"
    )
    return _page(editeur, "Connexion", corps)


def creneau_propose(editeur: str, praticien: Praticien, lieu: Lieu, creneau: Creneau, origine: str) -> str:
    if creneau.sans_rendez_vous:
        suite = "<p>Sans rendez-vous : le patient se présente à cette adresse.</p>"
    else:
        suite = (
            '<form method="post" action="/rdv/prendre">'
            f'<input type="hidden" name="creneau" value="{escape(creneau.id)}">'
            f'<input type="hidden" name="origin" value="{escape(origine)}">'
            '<button type="submit">Prendre ce rendez-vous</button></form>'
        )
    return _page(editeur, "Rendez-vous", _description(praticien, lieu, creneau) + suite)


def rendez_vous_pris(editeur: str, praticien: Praticien, lieu: Lieu, creneau: Creneau) -> str:
    corps = f'<p role="status">Le rendez-vous est pris.</p>{_description(praticien, lieu, creneau)}'
    return _page(editeur, "Rendez-vous pris", corps)


def creneau_indisponible(editeur: str) -> str:
    return _page(editeur, "Créneau indisponible", "<p>Ce créneau n’est plus libre.</p>")


def _description(praticien: Praticien, lieu: Lieu, creneau: Creneau) -> str:
    debut = creneau.debut
    quand = f"{_JOURS[debut.weekday()]} {debut:%d/%m/%Y}, de {debut:%H:%M} à {creneau.fin:%H:%M}"
    return (
        f"<p>{escape(f'{praticien.prenom} {praticien.nom}'.strip())}<br>"
        f"{escape(lieu.ligne)}, {escape(lieu.code_postal)} {escape(lieu.ville)}<br>"
        f"{quand}<br>{escape(creneau.motif)}</p>"
    )


def _page(editeur: str, titre: str, corps: str) -> str:
    return _CADRE.format(editeur=escape(editeur), titre=titre, corps=corps)
