# Builds ipcadm and puts it into a system.
#
#   make                      build it (needs Rust, see README.md)
#   make install              the program, its manual pages and completions
#   make install-dropins      the names ipcs, ipcrm, ipcmk and lsipc for it
#   make uninstall            take all of that away again
#   make uninstall-dropins    only the names
#   make deb                  a Debian package, in target/debian
#
# Where to, with the defaults: PREFIX=/usr/local, BINDIR=$PREFIX/bin,
# MANDIR=$PREFIX/share/man, BASHCOMPDIR=$PREFIX/share/bash-completion/completions,
# ZSHCOMPDIR=$PREFIX/share/zsh/site-functions,
# FISHCOMPDIR=$PREFIX/share/fish/vendor_completions.d, DROPINDIR=$BINDIR, and
# DESTDIR before all of them. With another DROPINDIR, DIR/bin, the pages and
# completions of the names go to DIR/share.
#
# PREFIX/share/ipcadm/installed lists what was installed, with checksums: only
# that is overwritten by another install and removed by uninstall, which finds
# the names in every DROPINDIR. It needs the PREFIX (and DESTDIR) of the install.
#
# The values reach packaging/place through the environment, so that blanks and
# quotes in them mean nothing to make or the shell.

CARGO ?= cargo

export CARGO DESTDIR PREFIX BINDIR MANDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR DROPINDIR BINARY

# Where this file is, for a make -f from elsewhere; with blanks in its path too.
export IPCADM_MAKEFILE := $(MAKEFILE_LIST)
here = "$$(dirname -- "$${IPCADM_MAKEFILE\# }")"

.PHONY: all install install-dropins uninstall uninstall-dropins deb

all:
	@cd $(here) && $(CARGO) build --release --locked

# It builds only where nothing was built: as root there may be no Rust.
install install-dropins uninstall uninstall-dropins:
	@$(here)/packaging/place $@

deb:
	@$(here)/packaging/debian/build
