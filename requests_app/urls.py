"""URLs of this app."""

from django.urls import URLPattern, path

from requests_app.views import detail, documents, lists, submit, tasks

app_name = "requests"
urlpatterns: list[URLPattern] = [
    path("", lists.home, name="home"),
    path("new/", lists.new, name="new"),
    path("<uuid:pk>/", detail.detail, name="detail"),
    path("<uuid:pk>/tasks/", tasks.task_list, name="task_list"),
    path("<uuid:pk>/tasks/<slug:task>/", tasks.task_page, name="task"),
    path("<uuid:pk>/documents/", documents.add, name="document_add"),
    path("<uuid:pk>/documents/<uuid:document_id>/", documents.download, name="document"),
    path("<uuid:pk>/documents/<uuid:document_id>/remove/", documents.remove, name="document_remove"),
    path("<uuid:pk>/submit/", submit.review_submit, name="review_submit"),
    path("<uuid:pk>/answer/", detail.answer, name="answer"),
    path("<uuid:pk>/withdraw/", detail.withdraw, name="withdraw"),
    path("<uuid:pk>/copy/", detail.copy, name="copy"),
    path("<uuid:pk>/corrections/<uuid:correction_id>/accept/", detail.accept, name="correction_accept"),
    path("<uuid:pk>/corrections/<uuid:correction_id>/decline/", detail.decline, name="correction_decline"),
]
