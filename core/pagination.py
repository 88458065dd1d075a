"""Pages of the API's lists that have an order of their own."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Numbered pages of 50 rows, up to 200 by ``limit``, in the order that the list has."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
