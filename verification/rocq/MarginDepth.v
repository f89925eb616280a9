(* More layers and more classes from one structure with margins: an identity put behind a hidden layer of q neurons changes
   no feature and costs q, collapse pays e = K or K - 1 for it; more classes come by direct sums. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Structure Wider DirectSum Balance.
From Dufm Require Import Network MarginBound MarginDnc MarginSum.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Depth.
Variables (R : rcfType) (K w q j : nat) (X : 'M[R]_(w, K)).
Notation sq := (@sqnorm R _ _).
Notation feat := (@feature R (fun=> w) K).
Hypotheses (j1 : (1 <= j)%N) (qw : (q <= w)%N).
Implicit Types W : nat -> 'M[R]_w.

Definition deeper W l : 'M[R]_w := if l == j then pid_mx q else W (unbump j l).
Lemma deeper_low W l : (l <= j)%N -> feat (deeper W) X l = feat W X l.
Proof.
elim: l => //= l IH lj; rewrite IH ?(ltnW lj) // {1}/deeper ltn_eqF // /unbump.
by rewrite ltnNge (ltnW lj) subn0.
Qed.
Lemma feature_idem W : relu (feat W X j) = feat W X j.
Proof.
by case: j j1 => // i _; apply: relu_ge0 => a b; rewrite mxE le_maxr lexx.
Qed.
Lemma deeper_high W l : pid_mx q *m feat W X j = feat W X j -> (j <= l)%N -> feat (deeper W) X l.+1 = feat W X l.
Proof.
move=> hj; have at_j : feat (deeper W) X j.+1 = feat W X j.
  change (relu (deeper W j *m feat (deeper W) X j) = feat W X j).
  by rewrite deeper_low // /deeper eqxx hj feature_idem.
elim: l => [|l IH]; first by rewrite leqNgt j1.
rewrite leq_eqVlt => /orP [/eqP <- //|jl].
change (relu (deeper W l.+1 *m feat (deeper W) X l.+1) = relu (W l *m feat W X l)).
by rewrite IH // /deeper gtn_eqF // /unbump jl subn1.
Qed.
Lemma deeper_cost W L : (j <= L)%N -> \prod_(l < L.+1) sq (deeper W l) = q%:R * \prod_(l < L) sq (W l).
Proof.
move=> jL; have jL' : (j < L.+1)%N by [].
rewrite (bigD1_ord (Ordinal jL')) //= /deeper eqxx sq_pid //; congr (_ * _); apply: eq_bigr => l _.
by rewrite /= eq_sym (negbTE (neq_bump j l)) bumpK.
Qed.

Lemma depth W L k : (j <= L)%N -> pid_mx q *m feat W X j = feat W X j -> exists W',
  [/\ feat W' X (L + k) = feat W X L, \prod_(l < L + k) sq (W' l) = q%:R ^+ k * \prod_(l < L) sq (W l) &
      pid_mx q *m feat W' X j = feat W' X j].
Proof.
move=> jL hj; elim: k => [|k [W' [h1 h2 h3]]]; first by exists W; rewrite addn0 mul1r.
exists (deeper W'); rewrite addnS deeper_high ?(leq_trans jL) ?leq_addr // deeper_cost ?(leq_trans jL) ?leq_addr //.
by rewrite h2 deeper_low // exprS mulrA.
Qed.
End Depth.

(* a structure for K0 classes and L layers, and what it must cost to win at K classes *)
Definition structure_of (R : rcfType) (phi : features R) r K0 K L w :=
  exists (X : 'M[R]_(w, K0)) (W : nat -> 'M_w) (V : 'M_(K0, w)), let O := V *m phi (fun=> w) _ W X L.-1 in
  [/\ forall k j, j != k -> 1 <= O k k - O j k, (K0 < K)%N -> forall k, 1 <= O k k &
      sqnorm X * \prod_(l < L.-1) sqnorm (W l) * (sqnorm V - K%:R^-1 * sums V) * (each r K)%:R <
      (each r K0)%:R ^+ L.+1 * (K%:R - 1)].
Notation structure_wins R := (structure_of (@relu_features R)).

(* with relu or without: below weights that pay for a margin alpha > 0 there are others *)
Theorem sum_below (R : rcfType) (phi : features R) r K0 K L w n d ell (lam : nat -> R) (th : weights R K L n d) (alpha : R) :
  network phi -> (1 < K0)%N -> (1 < L)%N -> (K0 <= K)%N -> structure_of phi r K0 K L w ->
  margin_loss ell -> (0 < n)%N -> (forall l, (l < L)%N -> (w + (K - K0) <= d l)%N) -> (forall l, (l <= L)%N -> 0 < lam l) ->
  0 < alpha -> K%:R^-1 * total ell alpha%:M <= mean_loss ell (outputs phi th) ->
  n%:R * ((each r K)%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <=
    sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th) ->
  exists th' : weights R K L n d,
    mean_loss ell (outputs phi th') + size lam th' < mean_loss ell (outputs phi th) + size lam th.
Proof.
move=> net K02 L2 KK; have [K1 EK] : exists K1, K = (K0 + K1)%N by exists (K - K0)%N; rewrite subnKC.
move: ell th; rewrite EK addKn => ell th [X [W [V [margins diagonal cheap]]]] ml n0 room lamp ap fit bound.
have K2 : (1 < K0 + K1)%N by apply: leq_trans K02 (leq_addr _ _).
have [aH aW aV] := factors_gt0 K2 n0 ap bound; rewrite -[X in _ <= X]mulrA in bound.
have diag : (0 < K1)%N -> forall k, 1 <= (V *m phi (fun=> w) _ W X L.-1) k k.
  by move=> K1p; apply: diagonal; rewrite -[X in (X < _)%N]addn0 ltn_add2l.
pose a l := sqnorm (hidden th l).
pose th' := @summed_margins R K0 K1 L n (fun=> w) r X W V alpha (sqnorm (WL th)) a.
exists (wider d th'); rewrite (outputs_wider net) ?(ltnW L2) //.
have [hH hW hL] := wider_sq (ltnW L2) room th'; rewrite /size hH hL.
have half l : (l <= L)%N -> 0 < lam l / 2 by move=> lL; rewrite divr_gt0 ?ltr0n ?lamp.
apply: ler_lt_add; first by apply: le_trans fit; exact: (summed_fit r net K02 n0 ml margins diag ap aV aW).
apply: ltr_le_add; last by rewrite ler_pmul2l ?half //; exact: (summed_WL K1 n r net K02 margins alpha a aV).
apply: ltr_le_add; first by rewrite ltr_pmul2l ?half //; exact: (summed_H1 net K02 n0 L2 margins cheap ap aV aW bound).
apply: ler_sum => l _; rewrite hW //; apply: eqW; congr (_ * _); exact: (summed_hidden K1 n r net K02 margins alpha (sqnorm (WL th)) aW).
Qed.

Theorem wins r K0 K L w : (1 < K0)%N -> (1 < L)%N -> (K0 <= K)%N -> (forall R : rcfType, structure_wins R r K0 K L w) ->
  margins_win (@collapsed r) K L (w + (K - K0)).
Proof.
move=> K02 L2 KK ex R n d ell lam th ml n0 room lamp col nz; have K2 : (1 < K)%N by apply: leq_trans KK.
have [fit bound] := collapse_margin_bound K2 n0 L2 ml col; set alpha := class_margin th in fit bound.
case: (lerP alpha 0) => [a0|ap]; first by exists zero_weights; apply: (zero_beats K2 n0 ml lamp a0 fit).
have [th' h] := sum_below (relu_network R) K02 L2 KK (ex R) ml n0 room lamp ap fit bound.
by exists th'; rewrite !objectiveE.
Qed.
