"""Base de test copiée d’un modèle : les migrations passent une fois, pas une fois par processus.

Le modèle porte dans son nom l’empreinte des migrations : sur un serveur qui
reste allumé il resservira tel quel à la prochaine série.
"""

import hashlib
from pathlib import Path

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql


def creer_base_de_test() -> str:
    """Crée la base de ce processus par copie du modèle, bâti d’abord s’il manque. Rend son nom."""
    racine = connection.settings_dict["NAME"]
    base = connection.creation._get_test_db_name()
    modele = f"modele_{racine}_{empreinte_du_schema()}"
    connection.close()
    with _administration() as serveur:
        # Un seul processus bâtit le modèle ; les autres l’attendent, puis chacun le copie à son tour.
        serveur.execute("SELECT pg_advisory_lock(hashtext(%s))", ["modele_de_test"])
        if not _existe(serveur, modele):
            _batir(serveur, modele, racine)
        _supprimer(serveur, base)
        serveur.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(base), sql.Identifier(modele))
        )
    _diriger_vers(base)
    return base


def supprimer_base_de_test(base: str) -> None:
    connection.close()
    with _administration() as serveur:
        _supprimer(serveur, base)


def empreinte_du_schema() -> str:
    """Empreinte de ce qui fait la base : les migrations, les textes qu’elles chargent, et ce fichier."""
    somme = hashlib.sha256(Path(__file__).read_bytes())
    for application in sorted(apps.get_app_configs(), key=lambda a: a.label):
        racine = Path(application.path)
        for fichier in sorted([*racine.glob("migrations/*.py"), *racine.glob("donnees/*.md")]):
            somme.update(f"{application.label}/{fichier.name}".encode())
            somme.update(fichier.read_bytes())
    return somme.hexdigest()[:12]


def _batir(serveur: psycopg.Connection, modele: str, racine: str) -> None:
    chantier = f"chantier_{racine}"  # un chantier interrompu ne porte jamais le nom d’un modèle
    for (perime,) in serveur.execute(
        "SELECT datname FROM pg_database WHERE datname ~ %s",
        [f"^(modele_{racine}_[0-9a-f]{{12}}|{chantier})$"],
    ).fetchall():
        _supprimer(serveur, perime)
    serveur.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(chantier)))
    _diriger_vers(chantier)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    serveur.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(chantier), sql.Identifier(modele))
    )


def _administration() -> psycopg.Connection:
    reglages = connection.settings_dict
    return psycopg.connect(
        host=reglages["HOST"] or None,
        port=reglages["PORT"] or None,
        user=reglages["USER"] or None,
        password=reglages["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    )


def _existe(serveur: psycopg.Connection, base: str) -> bool:
    return serveur.execute("SELECT 1 FROM pg_database WHERE datname = %s", [base]).fetchone() is not None


def _supprimer(serveur: psycopg.Connection, base: str) -> None:
    serveur.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(base)))


def _diriger_vers(base: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = base
