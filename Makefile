# Builds ipcadm and puts it into a system.
#
#   make                      build it (needs Rust, see README.md)
#   make static               the same without any library, to be copied to other machines
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
# make static takes Rust's target for musl (rustup target add x86_64-unknown-linux-musl) and says where the program is;
# make install BINARY=THAT installs it. It starts faster, and knows users by /etc/passwd and groups by /etc/group alone.
#
# The values reach packaging/place through the environment, so that blanks and
# quotes in them mean nothing to make or the shell.

CARGO ?= cargo
STATIC_TARGET ?= $(shell uname -m)-unknown-linux-musl

export CARGO DESTDIR PREFIX BINDIR MANDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR DROPINDIR BINARY

# Where this file is, for a make -f from elsewhere; with blanks in its path too.
export IPCADM_MAKEFILE := $(MAKEFILE_LIST)
here = "$$(dirname -- "$${IPCADM_MAKEFILE\# }")"

.PHONY: all static install install-dropins uninstall uninstall-dropins deb

all:
	@cd $(here) && $(CARGO) build --release --locked

static:
	@cd $(here) && $(CARGO) build --release --locked --target '$(STATIC_TARGET)'
	@echo 'target/$(STATIC_TARGET)/release/ipcadm'

# It builds only where nothing was built: as root there may be no Rust.
install install-dropins uninstall uninstall-dropins:
	@$(here)/packaging/place $@

deb:
	@$(here)/packaging/debian/build
