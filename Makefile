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
# The values reach packaging/place through the environment, so that blanks and
# quotes in them mean nothing to make or the shell.

CARGO ?= cargo

export CARGO DESTDIR PREFIX BINDIR MANDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR DROPINDIR BINARY

.PHONY: all install install-dropins uninstall uninstall-dropins deb

all:
	$(CARGO) build --release --locked

# It builds only where nothing was built: as root there may be no Rust.
install install-dropins uninstall uninstall-dropins:
	@packaging/place $@

deb:
	@packaging/debian/build
