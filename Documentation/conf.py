# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx's settings for the manual. Pages link to each other by their files' names, so
that the links also work where the sources are shown as they are."""

import pathlib

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

HERE = pathlib.Path(__file__).resolve().parent

project = "msi-vfio-pci"
project_copyright = "the authors of msi-vfio-pci"
highlight_language = "none"
exclude_patterns = ["ABI", "examples", "man"]
html_theme = "alabaster"
html_theme_options = {
    "description": "A VFIO PCI driver that gets MSI and MSI-X right",
    "page_width": "1100px",
    "fixed_sidebar": True,
}
html_show_sphinx = False
html_copy_source = False

# Files that are shown by a page here
SHOWN = {
    "ABI/testing/sysfs-bus-pci-msi-vfio-pci": "sysfs",
    "../include/uapi/linux/vfio_pci_msi.h": "interface",
    "../tools/testing/lab/README.rst": "lab",
    "../tools/testing/devices/README.rst": "devices",
}


def page_of(path):
    """The page that shows a file of the checkout, or None."""
    name = path.removeprefix("./")
    return SHOWN.get(name, name.removesuffix(".rst") if name.endswith(".rst") else None)


def link_pages(_app, doctree):
    """Makes links to files links to pages. If a file is no page, its name stays. A link to
    what is not there is a warning."""
    for node in list(doctree.findall(nodes.reference)):
        uri = node.get("refuri", "")
        if not uri or ":" in uri:
            continue
        if uri.startswith("man/"):
            node["refuri"] = f"{uri}.html"
            if not (HERE / uri).exists():
                logging.getLogger(__name__).warning("there is no %s", uri, location=node)
            continue
        page = page_of(uri)
        if page is None and (HERE / uri).exists():
            node.replace_self(nodes.literal("", node.astext()))
            continue
        if page is None:
            logging.getLogger(__name__).warning("there is no %s", uri, location=node)
            continue
        link = addnodes.pending_xref("", refdomain="std", reftype="doc", refwarn=True,
                                     refexplicit=True, reftarget=page)
        link["refdoc"] = doctree.settings.env.docname
        link += nodes.inline("", node.astext())
        node.replace_self(link)


def setup(app):
    app.connect("doctree-read", link_pages)
    return {"parallel_read_safe": True}
