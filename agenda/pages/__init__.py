"""Les pages de l’agenda d’un lieu : la liste, éditable sans JavaScript, et le calendrier qui la double."""
