(* Networks with and without relu, by what direct sums need of their features: copies of columns, blocks beside identities,
   zero and wider factors. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Dufm Require Import Model ModelLoss ModelLinear Norm Targets Structure Wider DirectSum.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Network.
Variable R : rcfType.
Definition features := forall (d : nat -> nat) N, (forall l, 'M[R]_(d l.+1, d l)) -> 'M[R]_(d 0%N, N) -> forall l, 'M[R]_(d l, N).
Definition outputs (phi : features) K L n d (th : weights R K L n d) := WL th *m phi d _ (hidden th) (H1 th) L.-1.

Record network (phi : features) : Prop := {
  net_copies : forall K n d W (X : 'M_(d 0%N, K)) l, phi d _ W (X *m Y R K n) l = phi d _ W X l *m Y R K n;
  net_zero : forall d N W (X : 'M_(d 0%N, N)) m, X = 0 \/ (exists2 l, (l < m)%N & W l = 0) -> phi d N W X m = 0;
  net_sum : forall K0 K1 d (X : 'M_(d 0%N, K0)) W (s0 u0 : R) (s u : nat -> R) l,
    0 <= s0 -> 0 <= u0 -> (forall l, 0 <= s l) -> (forall l, 0 <= u l) ->
    phi _ _ (W' K1 W s u) (X' K1 X s0 u0) l =
      block_mx ((s0 * \prod_(j < l) s j) *: phi d _ W X l) 0 0 ((u0 * \prod_(j < l) u j) *: 1%:M);
  net_wider : forall K L n e d (th : weights R K L n e) l, (0 < L)%N -> (forall l, (l < L)%N -> (e l <= d l)%N) -> (l < L)%N ->
    phi d _ (hidden (wider d th)) (H1 (wider d th)) l = pid_mx (e l) *m phi e _ (hidden th) (H1 th) l }.

Definition relu_features : features := fun d N W X l => feature W X l.
Definition linear_features : features := fun d N W X l => linear W X l.
Lemma relu_network : network relu_features.
Proof.
split=> *; [exact: feature_mulY | exact: feature_0 | exact: feature_sum | exact: wider_feature].
Qed.
Lemma linear_network : network linear_features.
Proof.
split=> [K n d W X l|d N W X m|K0 K1 d X W s0 u0 s u l _ _ _ _|K L n e d th l L0 ed]; rewrite /linear_features.
- by elim: l => //= l ->; rewrite mulmxA.
- elim: m => [[//|[]//]|m IH h] /=.
  have [/eqP Wm|Wm] := boolP (W m == 0); first by rewrite Wm mul0mx.
  rewrite IH ?mulmx0 //; case: h => [|[l lm Wl]]; [by left|right; exists l => //].
  by move: lm; rewrite ltnS leq_eqVlt => /orP [/eqP El|//]; move: Wm; rewrite -El Wl eqxx.
- elim: l => [|l IH] /=; first by rewrite !big_ord0 !mulr1.
  rewrite IH /W' mulmx_block !(mul0mx, mulmx0, addr0, add0r) -!scalemxAl -!scalemxAr !scalerA.
  by rewrite !big_ord_recr /= mul1mx ![_ * (_ * \prod_(j < l) _)]mulrC !mulrA.
- elim: l => //= l IH lL; rewrite IH ?(ltnW lL) // -!mulmxA [pid_mx (e l) *m (_ *m _)]mulmxA pid_pid ?mul1mx //.
  by rewrite ed // ltnW.
Qed.

Section Output.
Variables (phi : features) (net : network phi).
Lemma outputs_wider K L n e d (th : weights R K L n e) : (0 < L)%N -> (forall l, (l < L)%N -> (e l <= d l)%N) ->
  outputs phi (wider d th) = outputs phi th.
Proof.
move=> L0 ed; have LL : (L.-1 < L)%N by case: L L0 {th ed}.
by rewrite /outputs (net_wider net th L0 ed LL) /= -!mulmxA [pid_mx _ *m (_ *m _)]mulmxA pid_pid ?ed // mul1mx.
Qed.
Lemma outputs_pos K L N d (X : 'M[R]_(d 0%N, N)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1)) :
  V *m @phi d _ W X L.-1 != 0 -> [/\ 0 < sqnorm X, forall l, (l < L.-1)%N -> 0 < sqnorm (W l) & 0 < sqnorm V].
Proof. by apply: factors_pos; apply: (net_zero net). Qed.
End Output.
End Network.
