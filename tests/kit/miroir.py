"""Chaque ligne du guide de lecture (`fhir.md`, § 13) et le test qui l’éprouve ; les codes du § 13.2 sont dans `mutations`."""

_ICI = "tests/kit/test_consommateur.py"
_GARDE = f"{_ICI}::test_ce_qui_n_est_pas_condamnable_est_garde_et_normalise"
_CLIENT = "tests/agenda/editeurs/test_client.py"
_STOCKAGE = "tests/agenda/editeurs/test_stockage.py"
_JUGEMENT = "tests/agenda/editeurs/test_jugement.py"

BUNDLE = {
    "délai, TLS, 5xx, 429 : éditeur indisponible": "tests/demo/editeur_simule/test_pannes.py::test_une_panne_sans_reponse_lisible_se_voit_dans_l_etat_de_l_appel",
    "… et ses créneaux restent, avec leur âge": f"{_STOCKAGE}::test_un_editeur_en_panne_garde_ses_creneaux_et_leur_age",
    "… jusqu’à leur péremption": f"{_STOCKAGE}::test_passe_sa_peremption_un_editeur_muet_n_est_plus_montre_puis_revient_a_sa_reponse",
    "4xx": f"{_CLIENT}::test_un_statut_d_echec_dit_qui_est_en_cause",
    "pas du JSON, pas un Bundle, pas une recherche, trop gros": f"{_ICI}::test_ce_qui_n_est_pas_une_recherche_est_refuse_en_entier",
    "… et rien n’est effacé": f"{_STOCKAGE}::test_une_reponse_illisible_n_efface_rien",
    "total différent du nombre de créneaux ; lien self d’une autre requête": _GARDE,
    "page suivante, même origine": f"{_CLIENT}::test_la_page_suivante_est_suivie_sur_la_meme_origine",
    "page suivante, autre origine": f"{_CLIENT}::test_une_page_suivante_d_une_autre_origine_ne_l_est_pas",
    "pages sans fin : tronquée": f"{_CLIENT}::test_des_pages_sans_fin_sont_tronquees",
    "entrée nulle, ressource inconnue, OperationOutcome : ignorées": _GARDE,
    "Bundle vide : créneaux effacés": f"{_ICI}::test_un_bundle_vide_efface_les_creneaux_de_tous_ceux_demandes",
    "titulaire absent : les siens effacés": f"{_ICI}::test_un_titulaire_absent_de_la_reponse_perd_ses_creneaux_et_lui_seul",
    "profil absent ou autre ; deux praticiens d’un même RPPS": _GARDE,
}
GARDES = {
    "visibilités et types de consultation inconnus ; CPTS sans lien ; lien 604 sans CPTS": _GARDE,
    "lien absent ou refusé ; type de rendez-vous inconnu": _GARDE,
    "chevauchements gardés et signalés": f"{_STOCKAGE}::test_des_creneaux_qui_se_chevauchent_sont_gardes_et_comptes",
    "… cachés après un rendez-vous": "tests/agenda/editeurs/test_prises.py::test_un_rendez_vous_cache_tout_ce_qui_le_chevauche_et_rien_d_autre",
    "un titulaire chez deux éditeurs": f"{_STOCKAGE}::test_deux_editeurs_du_meme_effecteur_gardent_chacun_leurs_creneaux",
    "textes bornés, jamais interprétés": f"{_JUGEMENT}::test_les_textes_sont_bornes_mais_jamais_interpretes",
    "téléphone normalisé ou caché": _GARDE,
}
