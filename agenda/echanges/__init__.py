"""Échanger un agenda avec d’autres outils : planning d’un tableur, calendriers iCalendar."""
